import type { ProcessorContext } from '../../engine/processor.ts';
import { sameKey } from '../../engine/tables.ts';
import type { Feedback } from './feedback.ts';
import type { AnomalyData } from './schema.ts';

const alsoOpenMax = 8;
/** Feedback on an anomaly may be given by one who has not seen yet that it was closed, ms. */
const closedKeptMs = 600_000;

/** An anomaly of a quantile is closed after so long without a strange sample: ms, intervals. */
const unseenLeastMs = 600_000;
const unseenIntervals = 10;

/** Fields that are filled in when an anomaly is told. */
type Told = 'state' | 'end' | 'also_open' | 'feedback' | 'feedback_note' | 'lag_ms';

export interface OpenAnomaly {
  cluster: number;
  slot: number;
  /** Which quantile of a histogram; -1: the series itself. */
  which: number;
  subject: string;
  revision: number;
  calm: number;
  /** Score when it was told last. */
  told: number;
  data: Omit<AnomalyData, Told>;
  /** ms of the last strange sample. */
  last: number;
  /** Labels of the object: what else is open on it. */
  object: string;
  /** Feedback keeps it from being told while it is of the shape that was marked. */
  hushed: boolean;
  feedback: AnomalyData['feedback'];
  note: string | null;
}

/** An anomaly that was closed a moment ago, as it was told last. */
interface ClosedAnomaly {
  cluster: number;
  revision: number;
  data: AnomalyData;
  /** ms of log time. */
  at: number;
}

/** By slot: 1 where a series has an open anomaly, told or hushed. */
interface Flags {
  readonly arrays: { readonly open: Uint8Array };
}

/** The anomalies that are open, at most one per series, and how they are told. */
export class Intervals {
  readonly #context: ProcessorContext;
  readonly #flags: Flags;
  readonly #open;
  readonly #closed;

  constructor(context: ProcessorContext<unknown>, flags: Flags) {
    this.#context = context;
    this.#flags = flags;
    this.#open = context.table<OpenAnomaly>('open', ({ slot }) => String(slot));
    this.#closed = context.table<ClosedAnomaly>('closed', sameKey);
  }

  get(slot: number): OpenAnomaly | undefined {
    return this.#open.get(String(slot));
  }

  all(): OpenAnomaly[] {
    return [...this.#open.values()];
  }

  /** A hushed one is kept and not told. */
  open(row: OpenAnomaly, time: number): void {
    this.#open.set(String(row.slot), row);
    this.#flags.arrays.open[row.slot] = 1;
    if (row.hushed) return;
    this.#context.count('opened');
    this.#tell(row, null, time);
  }

  /** Tells an open one once more. */
  update(row: OpenAnomaly, time: number): void {
    row.revision++;
    this.#tell(row, null, time);
  }

  close(row: OpenAnomaly, end: number, time: number): void {
    this.drop(row);
    if (row.hushed) return;
    row.revision++;
    const data = this.#tell(row, end, time);
    const { cluster, revision } = row;
    this.#closed.set(row.subject, { cluster, revision, data, at: this.#context.logTime });
    this.#context.count('closed');
  }

  /** Forgets an open one without a word. */
  drop({ slot }: OpenAnomaly): void {
    this.#open.delete(String(slot));
    this.#flags.arrays.open[slot] = 0;
  }

  /** What people say about an anomaly goes on record with it: as its next revision. */
  mark(cluster: number, feedback: Feedback): void {
    const { anomaly, mark, note } = feedback;
    const row = this.all().find(({ subject, hushed }) => subject === anomaly && !hushed);
    if (!row) {
      this.#markClosed(cluster, feedback);
      return;
    }
    row.feedback = mark;
    row.note = note || null;
    this.update(row, row.last);
  }

  #markClosed(cluster: number, { anomaly, mark, note, revision, data }: Feedback): void {
    const { logTime } = this.#context;
    const kept = this.#closed.get(anomaly);
    const known = kept && kept.revision >= revision ? kept : { revision, data };
    if (known.data.state === 'open') {
      // It is open for whoever marked it, and nothing is known of it here.
      this.#context.count('feedback_unknown');
      return;
    }
    const { end, start } = known.data;
    const marked: AnomalyData = {
      ...known.data,
      feedback: mark,
      feedback_note: note || null,
      lag_ms: logTime - Date.parse(end ?? start),
    };
    const next = known.revision + 1;
    // In the order of their times, so that the oldest are found at the front.
    this.#closed.delete(anomaly);
    this.#closed.set(anomaly, { cluster, revision: next, data: marked, at: logTime });
    this.#emit(cluster, anomaly, next, marked);
  }

  tick(): void {
    this.#closeUnseen();
    for (const [subject, { at }] of this.#closed.entries()) {
      if (at > this.#context.logTime - closedKeptMs) return;
      this.#closed.delete(subject);
    }
  }

  /** Of a quantile nothing comes while too little is observed: what is open would stay so. */
  #closeUnseen(): void {
    const { series } = this.#context;
    for (const row of this.all()) {
      if (row.which < 0) continue;
      const clock = series.clock(row.slot);
      const unseenMs = Math.max(unseenLeastMs, unseenIntervals * series.interval(row.slot));
      if (clock - row.last > unseenMs) this.close(row, row.last, clock);
    }
  }

  /** Metrics of other anomalies that are open on the same object. */
  alsoOpen(row: OpenAnomaly): string[] {
    const also: string[] = [];
    if (row.object === '') return also;
    for (const other of this.#open.values()) {
      if (also.length === alsoOpenMax) break;
      const isOnIt = other.cluster === row.cluster && other.object === row.object;
      if (isOnIt && other !== row && !other.hushed) also.push(other.data.metric);
    }
    return also;
  }

  #tell(row: OpenAnomaly, end: number | null, time: number): AnomalyData {
    const data: AnomalyData = {
      state: end === null ? 'open' : 'closed',
      ...row.data,
      end: end === null ? null : new Date(end).toISOString(),
      also_open: this.alsoOpen(row),
      feedback: row.feedback ?? null,
      feedback_note: row.note ?? null,
      lag_ms: this.#context.logTime - time,
    };
    this.#emit(row.cluster, row.subject, row.revision, data);
    return data;
  }

  #emit(cluster: number, subject: string, revision: number, data: AnomalyData): void {
    const type = 'seastate.anomaly';
    this.#context.emit({ topic: 'anomalies', type, cluster, subject, revision, data });
  }
}
