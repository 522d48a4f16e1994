import type { ByteReader, ByteWriter } from '../../core/bytes.ts';
import type { Moved } from '../../engine/moved.ts';
import type { Kept, ProcessorContext } from '../../engine/processor.ts';
import { type Histograms, quantiles } from './histograms/histograms.ts';
import type { Lanes, Scorers } from './lanes.ts';
import { Resting } from './resting.ts';
import type { AnomalySettings } from './settings.ts';
import { workloadOf } from './workload.ts';

/** A successor may be there before its predecessor's last sample: ms, intervals. */
const overlapMs = 300_000;
const overlapIntervals = 3;
/** What has lived longer goes on with what it learnt itself: ms, intervals. */
const youngMs = 3_600_000;
const youngIntervals = 10;

/** By slot: the route of a series. */
interface Routed {
  readonly arrays: { readonly lane: Uint8Array };
}

/** Where what is known of a series stands. */
interface Estate {
  readonly scorers: Scorers;
  readonly slot: number;
  /** Slot of its first quantile, -1: it has none. */
  readonly firstQuantile: number;
  /** Of the bounds that its quantiles were taken by. */
  readonly layout: number;
}

/**
 * What is known of a series goes on with its workload: when one has ended, one series that is born
 * beside it takes over a copy, at birth or, where the end shows only later, while it is young. What
 * nobody took rests when its series is forgotten. Each is given once, and nothing of the living.
 */
export class Successions implements Kept {
  readonly #context: ProcessorContext<AnomalySettings>;
  readonly #lanes: Lanes;
  readonly #histograms: Histograms;
  readonly #routed: Routed;
  readonly #resting: Resting;
  /**
   * By slot, of a series that took over nothing: ms of its first sample; its workload, 0: not asked
   * yet.
   */
  readonly #young;
  /**
   * By workload: slots of series that ended and nobody has succeeded, in the order of their ends.
   */
  readonly #ended = new Map<string, number[]>();
  /** Those of them that ended in this tick. */
  #fresh = new Set<number>();
  /** Born in the record at hand. */
  #born: number[] = [];

  constructor(
    context: ProcessorContext<AnomalySettings>,
    lanes: Lanes,
    histograms: Histograms,
    routed: Routed,
  ) {
    this.#context = context;
    this.#lanes = lanes;
    this.#histograms = histograms;
    this.#routed = routed;
    this.#young = context.columns('young', { since: 'f64', workload: 'u32' });
    this.#resting = new Resting(context, lanes);
  }

  #keyOf(slot: number): string {
    const { series } = this.#context;
    return `${series.cluster(slot)} ${workloadOf(series.labels(slot))}`;
  }

  #lane(slot: number) {
    return this.#lanes.lanes[this.#routed.arrays.lane[slot]!];
  }

  /** Takes the settings and routes in force: what no route has any more is not succeeded. */
  configure(): void {
    this.#resting.configure();
    for (const [key, slots] of [...this.#ended]) {
      for (const slot of slots.filter((each) => !this.#lane(each))) this.#drop(slot, key);
    }
  }

  /** A series that is scored got a slot. */
  born(slot: number): void {
    if (this.#ended.size + this.#resting.size > 0 && this.#takesOver(slot, this.#keyOf(slot)))
      return;
    this.#born.push(slot);
  }

  /** The samples of a record were delivered. */
  delivered(): void {
    for (const slot of this.#born) {
      this.#young.arrays.since[slot] = this.#context.series.lastTime(slot);
    }
    this.#born.length = 0;
  }

  #takesOver(slot: number, key: string): boolean {
    const { series } = this.#context;
    const { lane } = this.#routed.arrays;
    const from = this.#ended
      .get(key)
      ?.findLast((each) => !series.isLive(each) && lane[each] === lane[slot]);
    if (from !== undefined && this.#give(this.#estateOf(from), slot)) {
      this.#drop(from, key);
      return true;
    }
    const id = this.#resting.newest(key, this.#lane(slot)!);
    if (id === undefined || !this.#give(this.#restOf(id, slot), slot)) return false;
    this.#resting.remove(id);
    return true;
  }

  #estateOf(slot: number): Estate {
    const [firstQuantile, layout] = [
      this.#histograms.firstId(slot),
      this.#histograms.layoutOf(slot),
    ];
    return { scorers: this.#lane(slot)!, slot, firstQuantile, layout };
  }

  #restOf(id: number, heir: number): Estate {
    const scorers = this.#lane(heir)!.resting;
    const layout = this.#resting.layoutOf(id);
    return { scorers, slot: id, firstQuantile: id * quantiles.length, layout };
  }

  /** False when there is nothing that the heir does not know better. */
  #give(from: Estate, heir: number): boolean {
    const lane = this.#lane(heir)!;
    let isGiven = lane.scorer.inherit(from.slot, heir, from.scorers.scorer);
    const theirs = from.firstQuantile;
    if (quantilesKnown(from.scorers, theirs)) {
      const ours = this.#histograms.succeed(heir, from.layout);
      for (let k = 0; ours >= 0 && k < quantiles.length; k++) {
        if (lane.quantiles.inherit(theirs + k, ours + k, from.scorers.quantiles)) isGiven = true;
      }
    }
    if (!isGiven) return false;
    this.#young.arrays.since[heir] = 0;
    this.#context.count('inherited');
    return true;
  }

  /** Whether its route knows anything that a successor could take over. */
  #isKnown(slot: number): boolean {
    const lane = this.#lane(slot);
    if (!lane) return false;
    return lane.scorer.knows(slot) || quantilesKnown(lane, this.#histograms.firstId(slot));
  }

  /** A scored series ended. */
  ended(slot: number): void {
    if (!this.#isKnown(slot)) return;
    const key = this.#keyOf(slot);
    this.#drop(slot, key);
    const slots = this.#ended.get(key);
    if (slots) slots.push(slot);
    else this.#ended.set(key, [slot]);
    this.#fresh.add(slot);
  }

  #drop(slot: number, key: string): boolean {
    this.#fresh.delete(slot);
    const slots = this.#ended.get(key);
    const at = slots?.indexOf(slot) ?? -1;
    if (at < 0) return false;
    slots!.splice(at, 1);
    if (slots!.length === 0) this.#ended.delete(key);
    return true;
  }

  /** The slot of a scored series is about to be given back: what nobody took over rests. */
  forgotten(slot: number): void {
    if (this.#ended.size === 0 || !this.#lane(slot)) return;
    const key = this.#keyOf(slot);
    // It may have come to another route meanwhile, which knows nothing of it.
    if (!this.#drop(slot, key) || !this.#isKnown(slot)) return;
    const { scorers, firstQuantile, layout } = this.#estateOf(slot);
    const id = this.#resting.add(this.#context.series.cluster(slot), key, layout);
    if (id < 0) return;
    const { resting } = this.#lane(slot)!;
    resting.scorer.inherit(slot, id, scorers.scorer);
    if (firstQuantile < 0) return;
    for (let k = 0; k < quantiles.length; k++) {
      const to = id * quantiles.length + k;
      resting.quantiles.inherit(firstQuantile + k, to, scorers.quantiles);
    }
  }

  /** Series that ended since the last tick are succeeded by young ones, if there are any. */
  tick(): void {
    if (this.#fresh.size === 0) return;
    const ended = [...this.#fresh].filter((slot) => !this.#context.series.isLive(slot));
    this.#fresh.clear();
    const young = this.#youngBeside(ended);
    if (young.size === 0) return;
    for (const slot of ended) {
      const key = this.#keyOf(slot);
      const heir = this.#heirOf(slot, key, young.get(hashOf(key)) ?? []);
      if (heir !== undefined && this.#give(this.#estateOf(slot), heir)) this.#drop(slot, key);
    }
  }

  /**
   * ms from when on a series may have come for one that ended; not while that one was young itself.
   */
  #earliest(slot: number): number {
    const { series } = this.#context;
    const overlap = Math.max(overlapMs, overlapIntervals * series.interval(slot));
    return Math.max(series.lastTime(slot) - overlap, this.#young.arrays.since[slot]! + overlap);
  }

  /** Of series that have no samples those that a young one has come for, one each. */
  replaced(silent: readonly number[]): ReadonlySet<number> {
    const young = this.#youngBeside(silent);
    const found = new Set<number>();
    const taken = new Set<number>();
    if (young.size === 0) return found;
    for (const slot of silent) {
      const key = this.#keyOf(slot);
      const free = young.get(hashOf(key))?.filter((each) => !taken.has(each));
      const heir = free && this.#heirOf(slot, key, free);
      if (heir === undefined) continue;
      found.add(slot);
      taken.add(heir);
    }
    return found;
  }

  /** Young series that may have come for one of these, by the hash of their workload. */
  #youngBeside(ended: readonly number[]): Map<number, number[]> {
    // Before that nobody's name is asked for: where a fleet is new all of it is young.
    const earliest = new Map<number, number>();
    const { series } = this.#context;
    for (const slot of ended) {
      const [cluster, time] = [series.cluster(slot), this.#earliest(slot)];
      earliest.set(cluster, Math.min(earliest.get(cluster) ?? time, time));
    }
    const least = earliest.values().reduce((a, b) => Math.min(a, b), Infinity);
    const found = new Map<number, number[]>();
    const { since, workload } = this.#young.arrays;
    for (let slot = 0; slot < series.count; slot++) {
      if (since[slot]! < least || !series.isLive(slot) || !this.#lane(slot)) continue;
      if (since[slot]! < (earliest.get(series.cluster(slot)) ?? Infinity)) continue;
      const age = series.clock(slot) - since[slot]!;
      if (age > Math.max(youngMs, youngIntervals * series.interval(slot))) continue;
      if (workload[slot] === 0) workload[slot] = hashOf(this.#keyOf(slot));
      const slots = found.get(workload[slot]!);
      if (slots) slots.push(slot);
      else found.set(workload[slot]!, [slot]);
    }
    return found;
  }

  /** Of the young ones that may have come for it the one that was born nearest to its end. */
  #heirOf(slot: number, key: string, young: readonly number[]): number | undefined {
    const { series } = this.#context;
    const { since } = this.#young.arrays;
    const { lane } = this.#routed.arrays;
    const end = series.lastTime(slot);
    const earliest = this.#earliest(slot);
    const distance = (each: number): number => Math.abs(since[each]! - end);
    const nearer = (a: number, b: number): number => (distance(b) < distance(a) ? b : a);
    let left = young.filter((each) => since[each]! >= earliest && lane[each] === lane[slot]);
    while (left.length > 0) {
      const nearest = left.reduce(nearer);
      // A name costs more than all else: that of the nearest is asked for, others share its hash.
      if (this.#keyOf(nearest) === key) return nearest;
      left = left.filter((each) => each !== nearest);
    }
    return undefined;
  }

  save(out: ByteWriter): void {
    out.u32(this.#ended.size);
    for (const slots of this.#ended.values()) {
      out.u32(slots.length);
      for (const slot of slots) out.u32(slot);
    }
    out.u32(this.#fresh.size);
    for (const slot of this.#fresh) out.u32(slot);
    this.#resting.save(out);
  }

  /** Series and scorers are there already. */
  load(input: ByteReader): void {
    this.#ended.clear();
    for (let left = input.u32(); left > 0; left--) {
      const slots = Array.from({ length: input.u32() }, () => input.u32());
      this.#ended.set(this.#keyOf(slots[0]!), slots);
    }
    this.#fresh = new Set(Array.from({ length: input.u32() }, () => input.u32()));
    this.#resting.load(input);
  }

  absorb(from: Successions, moved: Moved): void {
    for (const slots of from.#ended.values()) {
      const here = slots.map((slot) => moved.slots[slot]!).filter((slot) => slot >= 0);
      if (here.length > 0) this.#ended.set(this.#keyOf(here[0]!), here);
    }
    for (const slot of from.#fresh)
      if (moved.slots[slot]! >= 0) this.#fresh.add(moved.slots[slot]!);
    this.#resting.absorb(from.#resting, moved);
  }
}

/** 32 bits that stand for a workload; never 0. */
const hashOf = (key: string): number => Number.parseInt(key.slice(-8), 16) || 1;

const quantilesKnown = ({ quantiles: scorer }: Scorers, first: number): boolean =>
  first >= 0 && quantiles.some((_, k) => scorer.knows(first + k));
