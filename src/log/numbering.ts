import type { ByteReader, ByteWriter } from '../core/bytes.ts';
import type { Headers, LogRecord } from './log.ts';

/**
 * Numbered outputs (DESIGN 3). Whoever writes outputs of a log's partition stamps each record with
 * `from` (`stage/partition/epoch`) and `number`: 0, 1, 2 ... per (from, topic, target partition).
 * A crash, a retry or a forgotten twin can only write the same numbers again, so a reader that
 * takes each number once sees every output once, in order.
 */
export const numberingHeaders = {
  from: 'from',
  number: 'number',
  tick: 'tick',
  kind: 'kind',
} as const;

/** Who writes: one partition of a stage, in one epoch. */
export interface From {
  readonly stage: string;
  readonly partition: number;
  /** Higher after re-keying or disaster recovery: replaces the lower ones. */
  readonly epoch: number;
}

export const formatFrom = ({ stage, partition, epoch }: From): string =>
  `${stage}/${partition}/${epoch}`;

/** Null when the text is no `stage/partition/epoch`. */
export function parseFrom(text: string): From | null {
  const match = /^(.+)\/(\d+)\/(\d+)$/.exec(text);
  if (match === null) return null;
  return { stage: match[1]!, partition: Number(match[2]), epoch: Number(match[3]) };
}

/** The writer's side: the next number of every target. Its state belongs to the snapshot. */
export class Numberer {
  readonly #from: string;
  readonly #next = new Map<string, number>();

  constructor(from: From) {
    this.#from = formatFrom(from);
  }

  /** Headers of the next record to that place: `from`, `number` and `tick`, then `more`. */
  stamp(topic: string, partition: number, tick: number, more: Headers = {}): Headers {
    const target = `${topic}/${partition}`;
    const number = this.#next.get(target) ?? 0;
    this.#next.set(target, number + 1);
    return { from: this.#from, number: String(number), tick: String(tick), ...more };
  }

  /** The same state gives the same bytes, whatever the order in which it came about. */
  save(out: ByteWriter): void {
    out.text(this.#from).u32(this.#next.size);
    for (const [target, next] of [...this.#next].sort(([a], [b]) => (a < b ? -1 : 1))) {
      out.text(target).i64(next);
    }
  }

  /** Loads what was saved; numbers of another epoch are left: every epoch begins with 0. */
  load(input: ByteReader): void {
    this.#next.clear();
    const isOurs = input.text() === this.#from;
    for (let left = input.u32(); left > 0; left--) {
      const target = input.text();
      const next = input.i64();
      if (isOurs) this.#next.set(target, next);
    }
  }
}

/**
 * What to do with a record: `take` it, or drop it: as a `repeat`, as `ahead` of a number that is
 * still missing, of an `old` epoch, or without good headers (`unnumbered`). `rewind`: drop it and
 * read on from `NumberedReader.rewindTo`.
 */
export type Verdict = 'take' | 'repeat' | 'ahead' | 'old' | 'unnumbered' | 'rewind';

/** Numbers of one writer that will not come: `expected` up to `seen`, without `seen`. */
export interface Loss {
  readonly from: string;
  readonly expected: number;
  readonly seen: number;
}

interface Gap {
  /** The first number behind the gap, and where it stands in the log. */
  readonly seen: number;
  readonly offset: number;
  /** Timestamp (ms) of the record that showed it. */
  readonly since: number;
}

interface Entry {
  epoch: number;
  next: number;
  gap: Gap | null;
}

/** State of a NumberedReader as plain JSON, per stage and partition. */
export type ReaderState = readonly (readonly [
  who: string,
  epoch: number,
  next: number,
  gap: Gap | null,
])[];

export interface NumberedReaderOptions {
  /** Told once for each gap that stayed. */
  readonly onLoss?: (loss: Loss) => void;
  /** A gap that was not filled after this much log time has stayed. */
  readonly gapMs?: number;
}

/**
 * The reader's side, for one partition of a topic: takes each number of each writer once, in
 * order. The first number of a writer that it knows nothing of is its base. A gap is first taken
 * for a failed attempt that will be made again in full. When it stays it is loss: the reader goes
 * back to where the gap was seen and on from there; what others wrote since is a repeat then.
 */
export class NumberedReader {
  readonly #entries = new Map<string, Entry>();
  readonly #onLoss: (loss: Loss) => void;
  readonly #gapMs: number;
  #rewindTo = 0;
  /** Verdicts so far, and numbers lost. */
  readonly counts: Record<Verdict, number> & { lost: number };

  constructor(options: NumberedReaderOptions = {}) {
    this.#onLoss = options.onLoss ?? (() => undefined);
    this.#gapMs = options.gapMs ?? 300_000;
    this.counts = { take: 0, repeat: 0, ahead: 0, old: 0, unnumbered: 0, rewind: 0, lost: 0 };
  }

  /** The offset to read on from after `rewind`. */
  get rewindTo(): number {
    return this.#rewindTo;
  }

  accept(record: Pick<LogRecord, 'headers' | 'offset' | 'timestamp'>): Verdict {
    const verdict = this.#judge(record);
    this.counts[verdict]++;
    return verdict;
  }

  #judge({
    headers,
    offset,
    timestamp,
  }: Pick<LogRecord, 'headers' | 'offset' | 'timestamp'>): Verdict {
    const from = parseFrom(headers[numberingHeaders.from] ?? '');
    const digits = headers[numberingHeaders.number] ?? '';
    if (from === null || !/^\d{1,15}$/.test(digits)) return 'unnumbered';
    const number = Number(digits);
    const entry = this.#entry(from, number);
    if (from.epoch < entry.epoch) return 'old';
    if (from.epoch > entry.epoch) Object.assign(entry, { epoch: from.epoch, next: 0, gap: null });
    if (number < entry.next) return 'repeat';
    if (number === entry.next) {
      entry.next++;
      if (entry.gap !== null && entry.gap.seen < entry.next) entry.gap = null;
      return 'take';
    }
    entry.gap ??= { seen: number, offset, since: timestamp };
    if (timestamp - entry.gap.since <= this.#gapMs) return 'ahead';
    return this.#giveUp(formatFrom(from), entry, entry.gap);
  }

  #entry({ stage, partition, epoch }: From, number: number): Entry {
    const who = `${stage}/${partition}`;
    let entry = this.#entries.get(who);
    if (entry === undefined) {
      entry = { epoch, next: number, gap: null };
      this.#entries.set(who, entry);
    }
    return entry;
  }

  #giveUp(from: string, entry: Entry, gap: Gap): Verdict {
    const expected = entry.next;
    entry.next = gap.seen;
    entry.gap = null;
    this.#rewindTo = gap.offset;
    if (gap.seen > expected) {
      this.counts.lost += gap.seen - expected;
      this.#onLoss({ from, expected, seen: gap.seen });
    }
    return 'rewind';
  }

  /** Forgets all writers: the next number of each is its base. For readers that skip records. */
  rebase(): void {
    this.#entries.clear();
  }

  save(): ReaderState {
    return [...this.#entries].map(([who, { epoch, next, gap }]) => [who, epoch, next, gap]);
  }

  load(state: ReaderState): void {
    this.#entries.clear();
    for (const [who, epoch, next, gap] of state) this.#entries.set(who, { epoch, next, gap });
  }
}
