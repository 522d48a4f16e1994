import { SeastateError } from '../../core/errors.ts';
import { parseSelector } from '../../core/matchers.ts';
import type { CliContext } from '../context.ts';
import { type ConfigFlags, streamingFormat } from '../flags.ts';
import { loadConfig } from '../load-config.ts';
import { openLogToRead } from '../open-log.ts';
import { type OutputFormat, type Row, type RowWriter, rowWriter } from '../output/rows.ts';
import { type Batch, followRecords, recordsNow } from './records.ts';
import { tailSubjects } from './subject-names.ts';
import { labelsOf, type Subject, subjectOf } from './subjects.ts';

export interface TailFlags extends ConfigFlags {
  readonly from?: number;
  readonly to?: number;
  readonly follow: boolean;
  readonly limit?: number;
  readonly output?: OutputFormat;
}

export async function tail(
  this: CliContext,
  flags: TailFlags,
  what = 'alerts',
  selector = '{}',
): Promise<void> {
  const subject = await subjectNamed(what, selector);
  const { config } = await loadConfig(this, flags);
  const log = await openLogToRead(config, this, what.startsWith('x-') ? [what] : []);
  const format = streamingFormat(this, flags.output);
  const rows = rowWriter(this, format, subject.columns);
  const range = {
    topic: subject.topic,
    from: flags.from ?? this.now() - (what === 'metrics' ? 60_000 : 600_000),
    to: flags.to ?? Number.POSITIVE_INFINITY,
  };
  const done = new AbortController();
  const signal = AbortSignal.any([this.signal, done.signal]);
  const printer = new Printer(subject, rows, flags.limit, format, () => done.abort());
  try {
    if (flags.follow) {
      await followRecords(log, range, signal, (batch) => printer.print(batch, true));
    } else {
      for await (const batch of recordsNow(log, range)) {
        await printer.print(batch, false);
        if (signal.aborted) break;
      }
    }
    await rows.end();
  } finally {
    await log.close();
  }
}

function subjectNamed(what: string, selector: string): Promise<Subject> {
  if (!tailSubjects.some((name) => name === what) && !what.startsWith('x-')) {
    throw new SeastateError('usage', `there is no "${what}" to tail: ${tailSubjects.join(', ')}`);
  }
  return subjectOf(what, parseSelector(selector));
}

class Printer {
  readonly #subject: Subject;
  readonly #rows: RowWriter;
  readonly #format: OutputFormat;
  readonly #onLimit: () => void;
  #left: number;
  /** Partitions print one after the other. */
  #turn: Promise<void> = Promise.resolve();

  constructor(
    subject: Subject,
    rows: RowWriter,
    limit: number | undefined,
    format: OutputFormat,
    onLimit: () => void,
  ) {
    this.#subject = subject;
    this.#rows = rows;
    this.#left = limit ?? Number.POSITIVE_INFINITY;
    this.#format = format;
    this.#onLimit = onLimit;
  }

  print(batch: Batch, flush: boolean): Promise<void> {
    this.#turn = this.#turn.then(() => this.#print(batch, flush));
    return this.#turn;
  }

  async #print({ partition, records }: Batch, flush: boolean): Promise<void> {
    for (const record of records) {
      for (const row of this.#subject.rows(partition, record)) {
        if (this.#left === 0) return;
        await this.#rows.write(this.#shown(row));
        if (--this.#left === 0) this.#onLimit();
      }
    }
    if (flush) await this.#rows.flush();
  }

  /** What has columns has what they name; labels are text for people only. */
  #shown(row: Row): Row {
    if (this.#format === 'json' || this.#format === 'jsonl') return row;
    const flat = this.#subject.tableRow(row);
    return this.#format === 'table' ? flat : { ...flat, labels: labelsOf(row) };
  }
}
