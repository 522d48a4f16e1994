import { tickMs, tickOf } from '../../core/time.ts';
import { Columns, type ColumnsSpec } from '../../engine/columns.ts';
import type {
  Block,
  EventOutput,
  Handlers,
  Label,
  ProcessorContext,
  SeriesView,
} from '../../engine/processor.ts';
import { type Row, sameKey, Table } from '../../engine/tables.ts';
import { encodeKubernetesEvent } from '../../formats/kubernetes-events/event.ts';
import { events } from '../../processors/events/events.ts';
import type { EventsSettings } from '../../processors/events/settings.ts';
import type { Input, MetricLine } from './input.ts';

/** Repeats of series that did not change are filled in for so long after their last line. */
const fillMs = 90_000;
/** Log time that passes after the last input. */
const settleMs = 60_000;
/** Ticks that are run one by one over a hole in the input. */
const ticksMax = 20_000;

interface DriverSeries {
  readonly slot: number;
  readonly cluster: number;
  readonly labels: readonly Label[];
  value: number;
  seen: number;
  time: number;
  interval: number;
  live: boolean;
}

/**
 * Runs the events processor over inputs in order of time, in memory: for `seastate events test`
 * and for tests. Log time is the time of the input. Recordings hold only changes of metrics: at
 * each of their times every living series is given its last value again, as a scrape would.
 */
export class Driver {
  readonly outputs: EventOutput[] = [];
  readonly counters = new Map<string, number>();
  readonly #clusters: string[] = [];
  readonly #series = new Map<string, DriverSeries>();
  readonly #slots: DriverSeries[] = [];
  readonly #tables = new Map<string, Table<never>>();
  readonly #columns: Columns<ColumnsSpec>[] = [];
  readonly #context: ProcessorContext<EventsSettings> & { logTime: number };
  readonly #handlers: Handlers;
  #tick = 0;

  constructor(settings: unknown = {}) {
    const slots = this.#slots;
    this.#context = {
      series: seriesView(slots),
      clusters: {
        tenant: () => '',
        name: (index) => this.#clusters[index]!,
        title: (index) => this.#clusters[index]!,
      },
      settings: events.settings!.parse(settings),
      logTime: 0,
      columns: (_name, spec) => this.#addColumns(spec),
      table: (name) => this.#table(name),
      keep: (_name, kept) => kept,
      select: () => ({ has: () => false, release: () => {} }),
      emit: (output) => {
        if ('data' in output) this.outputs.push(structuredClone(output));
      },
      count: (reason, by = 1) => {
        this.counters.set(reason, (this.counters.get(reason) ?? 0) + by);
      },
    };
    this.#handlers = events.create(this.#context);
  }

  #addColumns<S extends ColumnsSpec>(spec: S): Columns<S> {
    const columns = new Columns(spec);
    this.#columns.push(columns as unknown as Columns<ColumnsSpec>);
    return columns;
  }

  #table<R extends Row>(name: string): Table<R> {
    let table = this.#tables.get(name) as Table<R> | undefined;
    if (table === undefined) {
      table = new Table<R>(sameKey);
      this.#tables.set(name, table as unknown as Table<never>);
    }
    return table;
  }

  /** Rows of a table of the processor. */
  rows<R extends Row>(name: string): readonly R[] {
    return [...this.#table<R>(name).values()];
  }

  /** Inputs in order of time; `cluster` names what names none. */
  run(inputs: readonly Input[], cluster: string): void {
    for (let i = 0; i < inputs.length; ) {
      const { time } = inputs[i]!;
      this.#advance(time);
      const samples: MetricLine[] = [];
      for (; i < inputs.length && inputs[i]!.time === time; i++) {
        const input = inputs[i]!;
        if ('sample' in input) samples.push(input.sample);
        else this.#event(input, cluster);
      }
      if (samples.length > 0) this.#scrape(samples, time, cluster);
    }
    // What is told only when it has lasted is told.
    this.wait(settleMs);
  }

  /** Lets log time pass without input. */
  wait(ms: number): void {
    this.#advance(this.#context.logTime + ms);
  }

  #advance(time: number): void {
    const tick = tickOf(time);
    if (this.#tick === 0) this.#tick = tick;
    if (tick - this.#tick > ticksMax) this.#tick = tick - ticksMax;
    for (; this.#tick < tick; this.#tick++) {
      this.#context.logTime = Math.max(this.#context.logTime, (this.#tick + 1) * tickMs - 1);
      this.#handlers.tick!(this.#tick);
    }
    this.#context.logTime = Math.max(this.#context.logTime, time);
  }

  #cluster(name: string): number {
    const known = this.#clusters.indexOf(name);
    return known < 0 ? this.#clusters.push(name) - 1 : known;
  }

  #event(input: Extract<Input, { event: unknown }>, cluster: string): void {
    const index = this.#cluster(input.event.cluster ?? cluster);
    const value = encodeKubernetesEvent(input.event);
    const record = { offset: 0, timestamp: input.time, headers: {}, value };
    this.#handlers.record!('kubernetes-event', index, record);
  }

  #scrape(lines: readonly MetricLine[], time: number, cluster: string): void {
    const told = new Map<DriverSeries, number | null>();
    for (const line of lines) {
      const name = line.labels['clusterID'] ?? line.labels['cluster_id'] ?? line.labels['cluster'];
      told.set(this.#seriesOf(line, this.#cluster(name ?? cluster)), line.value);
    }
    const byCluster = new Map<number, [DriverSeries, number | null][]>();
    for (const series of this.#slots) {
      const value = told.get(series);
      const filled = value === undefined && series.live && time - series.seen <= fillMs;
      if (value === undefined && !filled) continue;
      const pairs = byCluster.get(series.cluster) ?? [];
      pairs.push([series, value === undefined ? series.value : value]);
      byCluster.set(series.cluster, pairs);
      if (value !== undefined) series.seen = time;
    }
    for (const [index, pairs] of byCluster) this.#handlers.samples!(blockOf(index, pairs, time));
  }

  #seriesOf(line: MetricLine, cluster: number): DriverSeries {
    const pairs: Label[] = [...Object.entries(line.labels), ['__name__', line.metric]];
    const labels = pairs.sort((a, b) => (a[0] < b[0] ? -1 : 1));
    const key = JSON.stringify([cluster, labels]);
    const known = this.#series.get(key);
    if (known) return known;
    const slot = this.#slots.length;
    const fresh = { slot, cluster, labels, value: 0, seen: 0, time: 0, interval: 0, live: false };
    this.#slots.push(fresh);
    this.#series.set(key, fresh);
    for (const columns of this.#columns) columns.reserve(slot + 1);
    this.#handlers.born!(slot);
    return fresh;
  }
}

function blockOf(
  cluster: number,
  pairs: readonly (readonly [DriverSeries, number | null])[],
  time: number,
): Block {
  for (const [series, value] of pairs) {
    if (series.live && series.time > 0) learnInterval(series, time - series.time);
    series.live = value !== null;
    series.value = value ?? Number.NaN;
    series.time = time;
  }
  const none = new Int32Array(0);
  return {
    cluster,
    length: pairs.length,
    slots: Int32Array.from(pairs, ([series]) => series.slot),
    times: new Float64Array(pairs.length).fill(time),
    values: Float64Array.from(pairs, ([, value]) => value ?? Number.NaN),
    stale: Uint8Array.from(pairs, ([, value]) => (value === null ? 1 : 0)),
    histograms: {
      length: 0,
      slots: none,
      times: new Float64Array(0),
      stale: new Uint8Array(0),
      bytes: new Uint8Array(0),
      starts: new Uint32Array(0),
      ends: new Uint32Array(0),
    },
  };
}

/** As the engine learns it. */
function learnInterval(series: DriverSeries, step: number): void {
  const before = series.interval;
  const own = before === 0 ? step : before + (Math.min(step, 4 * before) - before) / 8;
  series.interval = Math.fround(own);
}

function seriesView(slots: readonly DriverSeries[]): SeriesView {
  return {
    get count() {
      return slots.length;
    },
    labels: (slot) => slots[slot]!.labels,
    label: (slot, name) => slots[slot]!.labels.find(([n]) => n === name)?.[1] ?? '',
    cluster: (slot) => slots[slot]!.cluster,
    interval: (slot) => slots[slot]!.interval,
    lastTime: (slot) => slots[slot]!.time,
    clock: () => 0,
    silence: () => 0,
    isLive: (slot) => slots[slot]!.live,
    type: () => 0,
  };
}
