import { text } from '../../core/bytes.ts';
import { identityOf } from '../../core/identity.ts';
import type { Label, ProcessorContext } from '../../engine/processor.ts';
import { sameKey, type Table } from '../../engine/tables.ts';
import { type FeedbackValue, feedbackValue } from '../../log/feedback.ts';
import type { LogRecord } from '../../log/log.ts';
import { type AnomalyData, anomalyData } from './schema.ts';
import type { AnomalySettings } from './settings.ts';
import { alikeWords } from './workload.ts';

/** A shape that was marked as expected. */
interface Expected {
  cluster: number;
  anomaly: string;
  like: boolean;
  note: string;
  /** Distance between observed and expected value; null: any. */
  size: number | null;
  /** ms of log time. */
  until: number;
  /** Anomalies that it kept from being told. */
  withheld: number;
}

/** What an anomaly looks like, as far as feedback is concerned. */
export interface Shape {
  readonly cluster: number;
  readonly labels: readonly Label[];
  readonly kind: AnomalyData['kind'];
  readonly direction: AnomalyData['direction'];
  readonly observed: number | null;
  readonly expected: number | null;
}

/** A `feedback` record that can be used: the mark, and the anomaly that it is about. */
export interface Feedback extends Omit<FeedbackValue, 'data'> {
  readonly data: AnomalyData;
}

/**
 * Shapes that people marked as expected: the same kind and direction on the same series (or one
 * like it), not larger than `size_factor` times what was marked. Until it expires in log time it
 * is not told again.
 */
export class ExpectedShapes {
  readonly #context: ProcessorContext<AnomalySettings>;
  readonly #table: Table<Expected>;

  constructor(context: ProcessorContext<AnomalySettings>) {
    this.#context = context;
    this.#table = context.table<Expected>('expected', sameKey);
  }

  /** Undefined, and counted, when the record is none that can be used. */
  read(record: LogRecord): Feedback | undefined {
    const value = feedbackValue.safeParse(jsonOf(record));
    const data = anomalyData.safeParse(value.data?.data);
    if (value.success && data.success) return { ...value.data, data: data.data };
    this.#context.count('feedback_unreadable');
    return undefined;
  }

  /** Confirmed takes back what was expected before; the same shape again widens it. */
  take(cluster: number, { anomaly, mark, like, note, for_ms, data }: Feedback): void {
    const { logTime, settings } = this.#context;
    for (const [key, { until }] of [...this.#table.entries()]) {
      if (until <= logTime) this.#table.delete(key);
    }
    const { kind, direction, observed, expected, metric, labels } = data;
    const all: Label[] = [['__name__', metric], ...Object.entries(labels)];
    const shape = { cluster, labels: all, kind, direction, observed, expected };
    if (mark === 'confirmed') {
      for (const alike of [false, true]) this.#table.delete(this.#keyOf(shape, alike));
      return;
    }
    const key = this.#keyOf(shape, like);
    const known = this.#table.get(key);
    if (!known && this.#table.size >= settings.feedback.max) {
      this.#context.count('feedback_over_limit');
      return;
    }
    this.#table.set(key, {
      cluster,
      anomaly,
      like,
      note,
      size: known ? wider(known.size, sizeOf(shape)) : sizeOf(shape),
      until: Math.max(known?.until ?? 0, logTime + for_ms),
      withheld: known?.withheld ?? 0,
    });
  }

  /** The mark that covers this shape now. */
  covering(shape: Shape): Expected | undefined {
    if (this.#table.size === 0) return undefined;
    const { logTime, settings } = this.#context;
    const size = sizeOf(shape);
    for (const like of [false, true]) {
      const row = this.#table.get(this.#keyOf(shape, like));
      if (!row || row.until <= logTime) continue;
      if (row.size === null || size === null || size <= row.size * settings.feedback.size_factor) {
        return row;
      }
    }
    return undefined;
  }

  /** Withholds an anomaly of that shape if a mark covers it, and counts that. */
  withholds(shape: Shape): boolean {
    const row = this.covering(shape);
    if (!row) return false;
    row.withheld++;
    this.#context.count('feedback_withheld');
    return true;
  }

  /** Every mark on a series or its like, expired or not. */
  of(cluster: number, labels: readonly Label[]): object[] {
    const found: object[] = [];
    for (const kind of anomalyData.shape.kind.options) {
      for (const direction of anomalyData.shape.direction.options) {
        for (const like of [false, true]) {
          const shape = { cluster, labels, kind, direction, observed: null, expected: null };
          const row = this.#table.get(this.#keyOf(shape, like));
          if (!row) continue;
          const { cluster: _, until, ...rest } = row;
          const active = until > this.#context.logTime;
          found.push({ kind, direction, until: new Date(until).toISOString(), active, ...rest });
        }
      }
    }
    return found;
  }

  /** By names, not by index: the same wherever the cluster goes. */
  #keyOf({ cluster, labels, kind, direction }: Shape, like: boolean): string {
    const { clusters } = this.#context;
    const owner = [clusters.tenant(cluster), clusters.name(cluster)];
    const words = like ? alikeWords(labels) : sorted(labels).flat();
    return identityOf([...owner, like ? 'like' : 'series', kind, direction, ...words]);
  }
}

/** Of a series that stopped or froze there is no size: it did, or it did not. */
function sizeOf({ kind, observed, expected }: Shape): number | null {
  if (kind === 'stopped' || kind === 'flatline') return null;
  return observed === null || expected === null ? null : Math.abs(observed - expected);
}

const wider = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? null : Math.max(a, b);

const sorted = (labels: readonly Label[]): Label[] =>
  [...labels].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

function jsonOf({ value }: LogRecord): unknown {
  try {
    return JSON.parse(text(value ?? new Uint8Array(0)));
  } catch {
    return undefined;
  }
}
