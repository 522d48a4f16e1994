import { text } from '../../core/bytes.ts';
import { tickMs } from '../../core/time.ts';
import type { Labels } from '../../formats/remote-write/known-series.ts';
import { SeriesWriter } from '../../formats/remote-write/series-writer.ts';
import { compress } from '../../formats/snappy/snappy.ts';
import type { LogRecord } from '../../log/log.ts';
import { parseFrom } from '../../log/numbering.ts';
import type { SamplesRecord } from '../remote-write/bodies.ts';

/** An open interval is told again after so many ticks: well within a Prometheus' five minutes. */
const everyTicks = 6;

interface Series {
  readonly labels: Labels;
  /** Subjects of the open intervals that it stands for. */
  readonly subjects: Set<string>;
  /** ms of its newest sample. */
  last: number;
}

/** What is open, as plain JSON. */
export interface ActiveState {
  /** Of every partition of the stage: the tick at which its intervals were told last. */
  readonly ticks: readonly (readonly [who: string, tick: number])[];
  readonly series: readonly (readonly [
    who: string,
    labels: Labels,
    subjects: readonly string[],
    last: number,
  ])[];
}

interface EventFields {
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>> & { readonly state: string };
}

const labelNames = [
  ...['cluster', 'cluster_title', 'fact', 'family', 'object', 'rule', 'severity', 'tenant'],
] as const;

/**
 * `seastate_event_active`: 1 while an interval of topic `events` is open. It is made here, where
 * it is needed, and not by the stage: the topic says all of it already, its records of ticks carry
 * log time, and so the samples are a function of the topic alone. A sink that was away makes the
 * samples of that time when it reads on, and the stale marker of what ended meanwhile.
 */
export class ActiveEvents {
  /** By writer (stage and partition) and labels. */
  readonly #series = new Map<string, Series & { readonly who: string }>();
  readonly #keyOf = new Map<string, string>();
  readonly #ticks = new Map<string, number>();
  #writer = new SeriesWriter();

  /** Takes the next record of the topic. */
  take(record: LogRecord): void {
    const from = parseFrom(record.headers['from'] ?? '');
    if (from === null) return;
    const who = `${from.stage}/${from.partition}`;
    const tick = Number(record.headers['tick']);
    if (record.value === null) this.#endTick(who, tick);
    else this.#event(who, tick, JSON.parse(text(record.value)) as EventFields);
  }

  #event(who: string, tick: number, { subject, data }: EventFields): void {
    const id = `${who} ${subject}`;
    const labels = labelsOf(data);
    const key = data.state === 'open' ? `${who} ${JSON.stringify(labels)}` : undefined;
    const before = this.#keyOf.get(id);
    if (before === key) return;
    if (before !== undefined) this.#leave(before, id, tick);
    if (key === undefined) return;
    this.#keyOf.set(id, key);
    const series = this.#series.get(key) ?? { who, labels, subjects: new Set(), last: 0 };
    this.#series.set(key, series);
    series.subjects.add(id);
    if (series.subjects.size === 1) this.#write(series, tick, 1);
  }

  #leave(key: string, id: string, tick: number): void {
    const series = this.#series.get(key)!;
    this.#keyOf.delete(id);
    series.subjects.delete(id);
    if (series.subjects.size > 0) return;
    this.#write(series, tick, 'stale');
    this.#series.delete(key);
  }

  /** Records are missing, and ends may be among them: the next revision brings back what lasts. */
  endAll(): void {
    for (const series of this.#series.values()) this.#write(series, 0, 'stale');
    this.#series.clear();
    this.#keyOf.clear();
  }

  #endTick(who: string, tick: number): void {
    const period = Math.floor(tick / everyTicks);
    if (period <= (this.#ticks.get(who) ?? -1)) return;
    this.#ticks.set(who, period);
    for (const series of this.#series.values()) {
      if (series.who === who) this.#write(series, tick + 1, 1);
    }
  }

  /** A sample at the beginning of a tick of log time, or just behind the newest one. */
  #write(series: Series, tick: number, value: 1 | 'stale'): void {
    series.last = Math.max(series.last + 1, tick * tickMs);
    this.#writer.add(this.#writer.define(series.labels), series.last, value);
  }

  /** The samples since the last call; undefined when there are none. */
  samples(): SamplesRecord | undefined {
    if (this.#writer.sampleCount === 0) return undefined;
    const value = compress(this.#writer.finish());
    // Intervals come and go: their labels are not kept.
    this.#writer = new SeriesWriter();
    return { encoding: 'snappy', value };
  }

  save(): ActiveState {
    return {
      ticks: [...this.#ticks],
      series: [...this.#series.values()].map(
        ({ who, labels, subjects, last }) => [who, labels, [...subjects], last] as const,
      ),
    };
  }

  load({ ticks, series }: ActiveState): void {
    for (const [who, tick] of ticks) this.#ticks.set(who, tick);
    for (const [who, labels, subjects, last] of series) {
      const key = `${who} ${JSON.stringify(labels)}`;
      this.#series.set(key, { who, labels, subjects: new Set(subjects), last });
      for (const id of subjects) this.#keyOf.set(id, key);
    }
  }
}

function labelsOf(data: Readonly<Record<string, unknown>>): Labels {
  const own = labelNames.map((name) => [name, String(data[name] ?? '')] as const);
  return [['__name__', 'seastate_event_active'] as const, ...own].filter(([, v]) => v !== '');
}
