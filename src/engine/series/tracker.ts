import type { ByteReader, ByteWriter } from '../../core/bytes.ts';
import type { WriteLimits } from '../../formats/remote-write/limits.ts';
import type { SampleColumns } from '../../formats/remote-write/series-reader.ts';
import { isStale } from '../../formats/remote-write/stale.ts';
import type { Scratch } from '../../formats/snappy/snappy.ts';
import { Columns } from '../columns.ts';
import type { Block, Label, SeriesView } from '../processor.ts';
import type { EngineSettings } from '../settings.ts';
import { BlockBuffer } from './block.ts';
import { ClusterCounts } from './cluster-counts.ts';
import { Identity } from './identity.ts';
import { RawSeries } from './raw-series.ts';
import { Senders } from './senders.ts';

const hourMs = 3_600_000;
/**
 * Slots given back in one tick, beside as many as it gave out: 60,000 at once took over a second.
 */
const forgottenPerTick = 4_000;
const free = 0;
const live = 1;
const ended = 2;
/** By its sender's clock: if it comes again, it may be that it comes seldom. */
const lapsed = 3;

/** Who is told what the tracker finds; in log order. */
export interface TrackerEvents {
  born(slot: number): void;
  ended(slot: number, time: number): void;
  forgotten(slot: number): void;
  count(cluster: number, reason: string, by: number): void;
}

/** Reasons of samples that were not taken; see docs/concepts/time-and-senders.md. */
const reasons = [
  'future',
  'negative_time',
  'replica',
  'repeat',
  'late',
  'untracked',
  'stale_unknown',
  'senders_over_limit',
];
const [future, negative, replicaReason, repeat, late, untracked, staleUnknown, senders] = [
  0, 1, 2, 3, 4, 5, 6, 7,
];

/**
 * The series of a partition: which sample belongs to which slot, which senders are followed, which
 * samples count, when a series ends and when its slot is given back (DESIGN 3, sender time).
 */
export class SeriesTracker implements SeriesView {
  readonly identity = new Identity();
  #senders = new Senders();
  readonly #columns = new Columns({
    state: 'u8',
    type: 'u8',
    group: 'i32',
    /** Times given out: a raw series that points here from before is told by it. */
    generation: 'u32',
    lastTime: 'f64',
    interval: 'f32',
    /** Log time at which the series ended. */
    endedAt: 'f64',
  });
  readonly #clusters = new ClusterCounts();
  /** By cluster: one reader each, so that prediction follows one fleet's order. */
  readonly #raw: (RawSeries | undefined)[] = [];
  readonly #block = new BlockBuffer();
  readonly #skipped = new Float64Array(reasons.length);
  /** Log time of the newest tick; who saves the tracker keeps it beside. */
  ticked = 0;
  readonly #events: TrackerEvents;
  #settings: EngineSettings;
  #replicaLabels: ReadonlySet<string>;

  constructor(settings: EngineSettings, events: TrackerEvents) {
    this.#settings = settings;
    this.#replicaLabels = new Set(settings.replica_labels);
    this.#events = events;
  }

  get senders(): Senders {
    return this.#senders;
  }

  get count(): number {
    return this.identity.count;
  }

  get liveCount(): number {
    return this.identity.live;
  }

  labels(slot: number): readonly Label[] {
    return this.identity.labels(slot);
  }

  label(slot: number, name: string): string {
    return this.identity.label(slot, name);
  }

  cluster(slot: number): number {
    return this.identity.cluster(slot);
  }

  interval(slot: number): number {
    return this.#columns.arrays.interval[slot]!;
  }

  lastTime(slot: number): number {
    return this.#columns.arrays.lastTime[slot]!;
  }

  clock(slot: number): number {
    return this.#senders.groups.arrays.clock[this.#columns.arrays.group[slot]!]!;
  }

  silence(slot: number): number {
    const { lastTime, group } = this.#columns.arrays;
    const from = this.ticked - this.#settings.series.backlog_ms;
    return this.#senders.silence(group[slot]!, lastTime[slot]!, from);
  }

  isLive(slot: number): boolean {
    return this.#columns.arrays.state[slot] === live;
  }

  /** Whether the slot is a series', live or ended. */
  isTracked(slot: number): boolean {
    return this.#columns.arrays.state[slot] !== free;
  }

  *slots(): Iterable<number> {
    for (let slot = 0; slot < this.count; slot++) if (this.isTracked(slot)) yield slot;
  }

  type(slot: number): number {
    return this.#columns.arrays.type[slot]!;
  }

  seriesOf(cluster: number): number {
    return this.#clusters.live(cluster);
  }

  /** New settings: what was learnt about raw series may be wrong now. */
  configure(settings: EngineSettings): void {
    this.#settings = settings;
    this.#replicaLabels = new Set(settings.replica_labels);
    this.#raw.length = 0;
  }

  #rawOf(cluster: number): RawSeries {
    this.#raw[cluster] ??= new RawSeries(this.#replicaLabels);
    return this.#raw[cluster];
  }

  /** Where a request of that cluster is best decompressed. */
  scratchOf(cluster: number): Scratch {
    return this.#rawOf(cluster).scratch;
  }

  /**
   * Takes the samples of one record (a Remote Write 2.0 request, decompressed). The block is valid
   * until the next call. Throws `body_malformed` or `limit_exceeded` before anything is taken.
   */
  apply(cluster: number, request: Uint8Array, limits: WriteLimits, logTime: number): Block {
    const raw = this.#rawOf(cluster);
    const input = raw.read(request, limits);
    this.#clusters.reserve(cluster);
    this.#block.begin(cluster, input.length, input);
    this.#skipped.fill(0);
    this.#takeSamples(cluster, input, raw, logTime);
    this.#takeHistograms(cluster, input, raw, logTime);
    for (let i = 0; i < reasons.length; i++) {
      if (this.#skipped[i]! > 0) this.#events.count(cluster, reasons[i]!, this.#skipped[i]!);
    }
    if (this.#block.taken > 0) this.#events.count(cluster, 'samples', this.#block.taken);
    return this.#block;
  }

  #takeSamples(cluster: number, input: SampleColumns, raw: RawSeries, logTime: number): void {
    const { series, times, values, words } = input;
    for (let i = 0; i < input.length; i++) {
      const stale = isStale(words, i);
      const slot = this.#accept(cluster, series[i]!, times[i]!, stale, raw, logTime);
      if (slot >= 0) this.#block.push(slot, times[i]!, values[i]!, stale);
    }
  }

  #takeHistograms(cluster: number, input: SampleColumns, raw: RawSeries, logTime: number) {
    const { series, times, stale, starts, ends } = input.histograms;
    for (let i = 0; i < input.histograms.length; i++) {
      const marked = stale[i] === 1;
      const slot = this.#accept(cluster, series[i]!, times[i]!, marked, raw, logTime);
      if (slot >= 0) this.#block.pushHistogram(slot, times[i]!, marked, starts[i]!, ends[i]!);
    }
  }

  /** The slot that the sample counts for, or -1 with a reason counted. */
  #accept(
    cluster: number,
    series: number,
    time: number,
    stale: boolean,
    raw: RawSeries,
    logTime: number,
  ): number {
    const limits = this.#settings.series;
    if (!(time > 0)) return this.#skip(negative);
    if (time > logTime + limits.future_ms) return this.#skip(future);
    let replica = raw.replica(series);
    if (replica < 0) replica = this.#learn(cluster, series, raw);
    if (replica < 0) return this.#skip(senders);
    if (!this.#senders.observe(replica, time, logTime, limits.replica_lead_ms)) {
      return this.#skip(replicaReason);
    }
    let slot = raw.slot(series, this.#columns.arrays.generation);
    if (slot < 0) slot = this.#track(cluster, series, stale, raw);
    if (slot < 0) return slot;
    const columns = this.#columns.arrays;
    const last = columns.lastTime[slot]!;
    if (time <= last) {
      const counters = this.#senders.replicas.arrays;
      if (time === last) {
        counters.repeats[replica]!++;
        return this.#skip(repeat);
      }
      counters.late[replica]!++;
      return this.#skip(late);
    }
    const group = this.#senders.replicas.arrays.group[replica]!;
    columns.group[slot] = group;
    columns.lastTime[slot] = time;
    if (stale) {
      columns.state[slot] = ended;
      columns.endedAt[slot] = logTime;
      return slot;
    }
    if (columns.state[slot] !== ended && last > 0) this.#learnInterval(slot, group, time - last);
    columns.state[slot] = live;
    return slot;
  }

  /** Intervals as seen: one gap moves them by at most a half. */
  #learnInterval(slot: number, group: number, step: number): void {
    const { interval } = this.#columns.arrays;
    const before = interval[slot]!;
    const own = before === 0 ? step : before + (Math.min(step, 4 * before) - before) / 8;
    interval[slot] = own;
    const groups = this.#senders.groups.arrays.interval;
    const shared = groups[group]!;
    groups[group] = shared === 0 ? own : shared + (Math.min(own, 4 * shared) - shared) / 256;
  }

  #skip(reason: number): number {
    this.#skipped[reason]!++;
    return -1;
  }

  /** Finds out whose sample a raw series carries. */
  #learn(cluster: number, series: number, raw: RawSeries): number {
    const { prometheus, replica } = raw.sender(series);
    const index = this.#senders.replica(cluster, prometheus, replica, this.#settings.senders_max);
    raw.setReplica(series, index);
    return index;
  }

  /** The slot of a raw series by its identity; a new one if the caps allow. */
  #track(cluster: number, series: number, stale: boolean, raw: RawSeries): number {
    const { symbols } = this.identity;
    const known = raw.vector(series, symbols, false);
    let slot = known ? this.identity.find(cluster, known) : -1;
    if (slot < 0) {
      if (stale) return this.#skip(staleUnknown);
      const { max_per_cluster, births_per_tick } = this.#settings.series;
      if (!this.#clusters.born(cluster, max_per_cluster, births_per_tick))
        return this.#skip(untracked);
      slot = this.identity.add(cluster, raw.vector(series, symbols, true)!);
      this.#columns.reserve(this.identity.count);
      const generation = this.#columns.arrays.generation[slot]! + 1;
      this.#columns.reset(slot);
      this.#columns.arrays.generation[slot] = generation;
      this.#columns.arrays.type[slot] = raw.metricType(series);
      this.#events.born(slot);
    }
    raw.setSlot(series, slot, this.#columns.arrays.generation[slot]!);
    return slot;
  }

  /**
   * Ends what its sender's clock has left behind, and gives back what ended long ago: of very many
   * some, the others at the next ticks.
   */
  endOfTick(logTime: number): void {
    this.ticked = logTime;
    const limits = this.#settings.series;
    const { state, group, lastTime, interval, endedAt } = this.#columns.arrays;
    const { seen } = this.#senders.groups.arrays;
    let left = forgottenPerTick + this.#clusters.takeBirths();
    for (let slot = 0; slot < this.identity.count; slot++) {
      if (state[slot] === live) {
        const past = this.silence(slot) > Math.max(limits.end_after_ms, 2.5 * interval[slot]!);
        if (past || logTime - seen[group[slot]!]! > limits.silent_max_ms) {
          state[slot] = lapsed;
          endedAt[slot] = logTime;
          this.#events.ended(slot, lastTime[slot]!);
        }
      } else if (
        state[slot] !== free &&
        logTime - endedAt[slot]! > limits.forget_after_ms &&
        left > 0
      ) {
        left--;
        this.#forget(slot);
      }
    }
    this.identity.compactIfWorthwhile();
    this.#dropWorn();
    this.#forgetSenders(logTime);
  }

  /**
   * Senders that have been silent for long and have no series any more. At whole hours of log time:
   * their places move up, and what is known of raw series is learnt anew.
   */
  #forgetSenders(logTime: number): void {
    const { forget_senders_ms, silent_max_ms, forget_after_ms } = this.#settings.series;
    // Before that its series are there anyway.
    const silentMs = Math.max(forget_senders_ms, silent_max_ms + forget_after_ms);
    const before = Math.floor(logTime / hourMs) * hourMs - silentMs;
    if (!this.#senders.hasSeenBefore(before)) return;
    const { group } = this.#columns.arrays;
    const used = new Uint8Array(this.#senders.groupCount);
    for (const slot of this.slots()) used[group[slot]!] = 1;
    const left = this.#senders.without(before, (index) => used[index] === 1);
    if (!left) return;
    this.#senders = left.senders;
    for (const slot of this.slots()) group[slot] = left.groups[group[slot]!]!;
    for (const raw of this.#raw) raw?.release();
    this.#raw.length = 0;
  }

  /** Series that come and go would fill the caches. */
  #dropWorn(): void {
    for (const [cluster, raw] of this.#raw.entries()) {
      if (!raw?.isWorn()) continue;
      raw.release();
      delete this.#raw[cluster];
    }
  }

  #forget(slot: number): void {
    this.#events.forgotten(slot);
    this.#columns.arrays.state[slot] = free;
    this.#columns.arrays.generation[slot]!++;
    this.#clusters.forgotten(this.identity.cluster(slot));
    this.identity.remove(slot);
  }

  /** Takes over the series and senders of clusters that moved; returns the new slots by the old. */
  absorb(from: SeriesTracker, clusters: Int32Array): Int32Array {
    this.ticked = Math.max(this.ticked, from.ticked);
    const slots = this.identity.absorb(from.identity, clusters);
    const groups = this.#senders.absorb(from.senders, clusters);
    this.#columns.reserve(this.identity.count);
    for (const [old, slot] of slots.entries()) {
      if (slot < 0) continue;
      this.#columns.copySlot(from.#columns, old, slot);
      this.#columns.arrays.group[slot] = groups[from.#columns.arrays.group[old]!]!;
    }
    this.#clusters.absorb(from.#clusters, clusters);
    return slots;
  }

  save(out: ByteWriter): void {
    this.identity.save(out);
    this.#senders.save(out);
    this.#columns.save(out, this.identity.count);
    this.#clusters.save(out);
  }

  load(input: ByteReader): void {
    this.identity.load(input);
    this.#senders.load(input);
    this.#columns.load(input);
    this.#clusters.load(input);
    this.#raw.length = 0;
  }
}
