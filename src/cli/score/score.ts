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
import { headerLine, type ScoreFormat, scoreLine } from './print.ts';
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
  await write(io.out, headerLine(args.output ?? 'csv', files.length > 1));
  let code = 0;
  for (const file of files) {
    try {
      await scoreFile(file, files.length > 1, model, args, io);
    } catch (error) {
      io.err.write(`seastate: ${file}: ${messageOf(error)}\n`);
      code = 1;
    }
  }
  return code;
}

/** A shipped model by name, or the one in a file of the user's. */
async function modelOf(name: string, io: ScoreIo): Promise<ModelDefinition> {
  if (!/[/\\]|\.[cm]?[jt]s$/.test(name)) return modelNamed(registryOf(), name);
  const { modelInFile } = await import('../../user-code/model-in-file.ts');
  const { definition, faults } = await modelInFile(name);
  for (const message of faults) io.err.write(`seastate: ${name}: ${message}\n`);
  return definition;
}

async function scoreFile(
  file: string,
  named: boolean,
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
  let lines = '';
  let usable = 0;
  let late = 0;
  let failed = 0;
  let failure = '';
  const onRow = (row: SeriesRow) => {
    const dated = !Number.isNaN(row.time);
    if (dated && !Number.isNaN(row.value)) usable++;
    const verdict = dated ? scorer.push(0, row.time, row.value, kind) : undefined;
    if (verdict?.outcome === 'late') late++;
    if (verdict?.outcome === 'failed' && failed++ === 0) failure = verdict.error;
    lines += scoreLine(format, named ? file : undefined, row, verdict);
  };
  const reader = new SeriesReader(args.indexMs ?? defaultIndexMs, onRow);
  const decoder = new TextDecoder();
  for await (const chunk of file === '-' ? io.stdin : createReadStream(file)) {
    reader.push(typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }));
    if (lines.length >= flushAt) {
      await write(io.out, lines);
      lines = '';
    }
  }
  reader.push(decoder.decode());
  reader.end();
  await write(io.out, lines);
  report(file, reader, { late, failed, failure }, args, io);
  if (reader.rows > 0 && usable === 0) {
    throw new Error(
      'no row has a time and a number: give CSV with a column of each, in this order',
    );
  }
}

function report(
  file: string,
  reader: SeriesReader,
  seen: { late: number; failed: number; failure: string },
  args: ScoreArguments,
  io: ScoreIo,
): void {
  const say = (what: string) => io.err.write(`seastate: ${file}: ${what}\n`);
  const { noTime, noValue, empty } = reader.unusable;
  const rows = (n: number) => (n === 1 ? '1 row' : `${n} rows`);
  if (reader.rows === 0) say('it has no rows');
  if (noTime.count > 0)
    say(`${rows(noTime.count)} without a usable time, first row ${noTime.first}`);
  if (noValue.count > 0) {
    say(`${rows(noValue.count)} whose value is no number, first row ${noValue.first}`);
  }
  if (empty.count > 0) say(`${rows(empty.count)} without a value, first row ${empty.first}`);
  if (seen.late > 0) say(`${rows(seen.late)} not newer than the row before, not scored`);
  if (seen.failed > 0) say(`the model failed on ${rows(seen.failed)}: ${seen.failure}`);
  if (reader.isIndexed) {
    const seconds = (args.indexMs ?? defaultIndexMs) / 1000;
    say(`rows are numbered, not dated: taken as ${seconds} s apart (--interval says otherwise)`);
  }
}

function write(out: Writes, text: string): Promise<void> {
  if (text === '') return Promise.resolve();
  return new Promise((resolve) => {
    out.write(text, () => resolve());
  });
}
