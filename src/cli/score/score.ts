import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { messageOf } from '../../core/errors.ts';
import type { MetricKind } from '../../engine/model.ts';
import { askedByDefault } from '../../models/budget.ts';
import { exitCodes } from '../exit.ts';
import { checkReadable } from '../files.ts';
import type { AskedColumns } from './columns.ts';
import { headerLine, type Owner, type ScoreFormat } from './print.ts';
import { type Scoring, scoringWith } from './scoring.ts';

/** `seastate score FILE...` */
export interface ScoreArguments {
  /** Files, or `-` for standard input; none is standard input. */
  readonly files: readonly string[];
  readonly model?: string;
  /** Parameters of the model; its defaults where absent. */
  readonly parameters?: unknown;
  readonly output?: ScoreFormat;
  readonly kind?: MetricKind;
  /** Alarms per series and day that may be raised by chance. */
  readonly alarmsPerDay?: number;
  /** ms between rows of files that number their rows instead of dating them. */
  readonly indexMs?: number;
  /** Columns, where they are not to be found by themselves. */
  readonly columns?: AskedColumns;
}

interface Writes {
  write(text: string, done?: () => void): unknown;
}

export interface ScoreIo {
  readonly stdin: AsyncIterable<string | Uint8Array>;
  readonly out: Writes;
  readonly err: Writes;
}

const defaultIndexMs = 300_000;

/** Scores every file in one pass and prints every row. Returns the exit code. */
export async function scoreCommand(args: ScoreArguments, io: ScoreIo): Promise<number> {
  const scoring = await scoringWith(args.model ?? 'default', args.parameters, (fault) =>
    io.err.write(`seastate: ${fault}\n`),
  );
  try {
    return await scoreFiles(scoring, args, io);
  } finally {
    await scoring.close();
  }
}

async function scoreFiles(scoring: Scoring, args: ScoreArguments, io: ScoreIo): Promise<number> {
  const files = args.files.length > 0 ? args.files : ['-'];
  const owner: (keyof Owner)[] = [
    ...(files.length > 1 ? (['file'] as const) : []),
    ...(args.columns?.series === undefined ? [] : (['series'] as const)),
  ];
  const readable = await readableOf(files, io);
  let code: number = readable.length === files.length ? exitCodes.ok : exitCodes.problem;
  if (readable.length === 0) return exitCodes.usage;
  await write(io.out, headerLine(args.output ?? 'csv', owner));
  for (const file of readable) {
    try {
      await scoreFile(file, owner.includes('file'), scoring, args, io);
    } catch (error) {
      io.err.write(`seastate: ${file}: ${messageOf(error)}\n`);
      code = exitCodes.problem;
    }
  }
  return code;
}

/** Those of the files that can be read; says which cannot. */
async function readableOf(files: readonly string[], io: ScoreIo): Promise<string[]> {
  const readable: string[] = [];
  for (const file of files) {
    try {
      if (file !== '-') await checkReadable(file);
      readable.push(file);
    } catch (error) {
      io.err.write(`seastate: ${messageOf(error)}\n`);
    }
  }
  return readable;
}

/** Throws when what the file holds cannot be scored, as far as it is known: rows are printed. */
async function scoreFile(
  file: string,
  isNamed: boolean,
  scoring: Scoring,
  args: ScoreArguments,
  io: ScoreIo,
): Promise<void> {
  const indexMs = args.indexMs ?? defaultIndexMs;
  await scoring.begin({
    file: isNamed ? file : undefined,
    format: args.output ?? 'csv',
    kind: args.kind ?? 'gauge',
    alarmsPerDay: args.alarmsPerDay ?? askedByDefault,
    indexMs,
    columns: args.columns ?? {},
  });
  for await (const text of textOf(file === '-' ? io.stdin : createReadStream(file))) {
    await write(io.out, await scoring.push(text));
  }
  const { lines, remarks, isIndexed, mistake } = await scoring.end();
  await write(io.out, lines);
  for (const what of remarks) io.err.write(`seastate: ${file}: ${what}\n`);
  if (isIndexed) {
    const apart = `taken as ${indexMs / 1000} s apart (--interval says otherwise)`;
    io.err.write(`seastate: ${file}: rows are numbered, not dated: ${apart}\n`);
  }
  if (mistake !== undefined) throw new Error(mistake);
}

/** UTF-8, or UTF-16 as its byte order mark says; unpacked where it is gzip. */
async function* textOf(chunks: AsyncIterable<string | Uint8Array>): AsyncGenerator<string> {
  let decoder: ReturnType<typeof decoderOf> | undefined;
  for await (const chunk of unpacked(chunks)) {
    if (typeof chunk === 'string') {
      yield chunk;
      continue;
    }
    decoder ??= decoderOf(chunk);
    yield decoder.decode(chunk, { stream: true });
  }
  if (decoder) yield decoder.decode();
}

async function* unpacked(
  chunks: AsyncIterable<string | Uint8Array>,
): AsyncGenerator<string | Uint8Array> {
  const all = chunks[Symbol.asyncIterator]();
  const { value: first, done } = await all.next();
  if (done) return;
  const rest = { [Symbol.asyncIterator]: () => all };
  const whole = async function* () {
    try {
      yield first;
      yield* rest;
    } finally {
      await all.return?.();
    }
  };
  const isGzip = typeof first !== 'string' && first[0] === 0x1f && first[1] === 0x8b;
  if (!isGzip) {
    yield* whole();
    return;
  }
  const gunzip = createGunzip();
  // What fails is thrown where it is read.
  pipeline(Readable.from(whole()), gunzip, () => {});
  yield* gunzip;
}

function decoderOf([first, second]: Uint8Array) {
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le');
  return new TextDecoder(first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8');
}

function write(out: Writes, text: string): Promise<void> {
  if (text === '') return Promise.resolve();
  return new Promise((resolve) => {
    out.write(text, () => resolve());
  });
}
