import { createReadStream } from 'node:fs';
import { messageOf } from '../../core/errors.ts';
import {
  configure,
  type MetricKind,
  type Model,
  type ModelDefinition,
} from '../../engine/model.ts';
import { askedByDefault } from '../../models/budget.ts';
import { isShipped, modelNamed, registryOf } from '../../models/registry.ts';
import { Scorer } from '../../models/scorer.ts';
import { exitCodes } from '../exit.ts';
import { checkReadable } from '../files.ts';
import type { AskedColumns } from './columns.ts';
import { headerLine, type Owner, type ScoreFormat, scoreLine } from './print.ts';
import { Seen } from './seen.ts';
import { SeriesReader, type SeriesRow } from './series-reader.ts';

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

const flushAt = 64 * 1024;
const defaultIndexMs = 300_000;

/** Scores every file in one pass and prints every row. Returns the exit code. */
export async function scoreCommand(args: ScoreArguments, io: ScoreIo): Promise<number> {
  const definition = await modelOf(args.model ?? 'default', io);
  const model = configure(definition, args.parameters);
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
      await scoreFile(file, owner, model, args, io);
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

/** A shipped model by name, or the one in a file of the user's. */
async function modelOf(name: string, io: ScoreIo): Promise<ModelDefinition> {
  if (!/[/\\]|\.[cm]?[jt]s$/.test(name)) return modelNamed(registryOf(), name);
  await checkReadable(name);
  const { modelInFile } = await import('../../user-code/model-in-file.ts');
  const { definition, faults } = await modelInFile(name);
  for (const message of faults) io.err.write(`seastate: ${name}: ${message}\n`);
  return definition;
}

/** Throws when what the file holds cannot be scored, as far as it is known: rows are printed. */
async function scoreFile(
  file: string,
  owner: readonly (keyof Owner)[],
  model: Model,
  args: ScoreArguments,
  io: ScoreIo,
): Promise<void> {
  const scorer = new Scorer(model, {
    asked: args.alarmsPerDay ?? askedByDefault,
    guard: !isShipped(model.definition),
  });
  const format = args.output ?? 'csv';
  const kind = args.kind ?? 'gauge';
  const indexMs = args.indexMs ?? defaultIndexMs;
  const fileOwner: Owner = owner.includes('file') ? { file } : {};
  const seen = new Seen();
  let lines = '';
  const onRow = (row: SeriesRow) => {
    const slot = seen.slot(row);
    const verdict = Number.isNaN(row.time)
      ? undefined
      : scorer.push(slot, row.time, row.value, kind);
    seen.verdict(slot, row, verdict);
    const of = owner.includes('series') ? { ...fileOwner, series: row.series } : fileOwner;
    lines += scoreLine(format, of, row, verdict);
  };
  const reader = new SeriesReader({ indexMs, columns: args.columns ?? {} }, onRow);
  for await (const text of textOf(file === '-' ? io.stdin : createReadStream(file))) {
    reader.push(text);
    if (lines.length < flushAt) continue;
    await write(io.out, lines);
    lines = '';
  }
  reader.end();
  await write(io.out, lines);
  for (const what of seen.remarks(reader)) io.err.write(`seastate: ${file}: ${what}\n`);
  if (reader.isIndexed) {
    const apart = `taken as ${indexMs / 1000} s apart (--interval says otherwise)`;
    io.err.write(`seastate: ${file}: rows are numbered, not dated: ${apart}\n`);
  }
  const mistake = seen.mistake(reader, owner.includes('series'));
  if (mistake !== undefined) throw new Error(mistake);
}

/** UTF-8, or UTF-16 as its byte order mark says. */
async function* textOf(chunks: AsyncIterable<string | Uint8Array>): AsyncGenerator<string> {
  let decoder: ReturnType<typeof decoderOf> | undefined;
  for await (const chunk of chunks) {
    if (typeof chunk === 'string') {
      yield chunk;
      continue;
    }
    decoder ??= decoderOf(chunk);
    yield decoder.decode(chunk, { stream: true });
  }
  if (decoder) yield decoder.decode();
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
