import type { ByteReader, ByteWriter } from '../../core/bytes.ts';
import { type Moved, movedCluster } from '../../engine/moved.ts';
import type { ProcessorContext } from '../../engine/processor.ts';
import { Pool } from '../../models/pool.ts';
import { quantiles } from './histograms/histograms.ts';
import type { Lane, Lanes } from './lanes.ts';
import type { AnomalySettings } from './settings.ts';

/**
 * What is known of series that ended so long ago that they have no slot any more: it waits, in the
 * lanes' `resting` scorers, for the next series of its workload. Of more than `resting_max` the
 * oldest goes first, of the cluster that has most.
 */
export class Resting {
  readonly #context: ProcessorContext<AnomalySettings>;
  readonly #lanes: Lanes;
  /** Slots in the scorers. `layout`: of the bounds of a histogram. */
  readonly #slots = new Pool({ cluster: 'u32', layout: 'u32' });
  /** By cluster: workloads by slot, the oldest first. */
  readonly #clusters = new Map<number, Map<number, string>>();
  readonly #byWorkload = new Map<string, number[]>();
  #size = 0;

  constructor(context: ProcessorContext<AnomalySettings>, lanes: Lanes) {
    this.#context = context;
    this.#lanes = lanes;
  }

  get size(): number {
    return this.#size;
  }

  layoutOf(slot: number): number {
    return this.#slots.arrays.layout[slot]!;
  }

  /** The one that rests the shortest, of a workload and route; undefined when there is none. */
  newest(workload: string, lane: Lane): number | undefined {
    return this.#byWorkload.get(workload)?.findLast((slot) => isThere(lane, slot));
  }

  /** A slot for what is known of a series; -1 when nothing may rest. */
  add(cluster: number, workload: string, layout: number): number {
    const max = this.#context.settings.resting_max;
    if (max === 0) return -1;
    this.#shrink(max - 1);
    const slot = this.#slots.take();
    this.#slots.arrays.layout[slot] = layout;
    this.#enter(cluster, slot, workload);
    return slot;
  }

  #enter(cluster: number, slot: number, workload: string): void {
    this.#slots.arrays.cluster[slot] = cluster;
    const own = this.#clusters.get(cluster);
    if (own) own.set(slot, workload);
    else this.#clusters.set(cluster, new Map([[slot, workload]]));
    const like = this.#byWorkload.get(workload);
    if (like) like.push(slot);
    else this.#byWorkload.set(workload, [slot]);
    this.#size++;
  }

  remove(slot: number): void {
    const cluster = this.#slots.arrays.cluster[slot]!;
    const own = this.#clusters.get(cluster)!;
    const workload = own.get(slot)!;
    own.delete(slot);
    if (own.size === 0) this.#clusters.delete(cluster);
    const like = this.#byWorkload.get(workload)!;
    like.splice(like.indexOf(slot), 1);
    if (like.length === 0) this.#byWorkload.delete(workload);
    for (const { resting } of this.#lanes.lanes) {
      resting.scorer.forget(slot);
      for (let k = 0; k < quantiles.length; k++) {
        resting.quantiles.forget(slot * quantiles.length + k);
      }
    }
    this.#slots.give(slot);
    this.#size--;
  }

  /** Takes the settings in force; what is known by a route that is gone goes with it. */
  configure(): void {
    const { lanes } = this.#lanes;
    for (const slot of [...this.#clusters.values()].flatMap((own) => [...own.keys()])) {
      if (!lanes.some((lane) => isThere(lane, slot))) this.remove(slot);
    }
    this.#shrink(this.#context.settings.resting_max);
  }

  #shrink(max: number): void {
    while (this.#size > max) {
      let most: Map<number, string> | undefined;
      for (const own of this.#clusters.values()) if (own.size > (most?.size ?? 0)) most = own;
      this.remove(most!.keys().next().value!);
      this.#context.count('resting_over_limit');
    }
  }

  save(out: ByteWriter): void {
    this.#slots.save(out);
    out.u32(this.#clusters.size);
    for (const [cluster, own] of this.#clusters) {
      out.u32(cluster).u32(own.size);
      for (const [slot, workload] of own) out.u32(slot).text(workload);
    }
    this.#lanes.saveResting(out, this.#slots.count);
  }

  load(input: ByteReader): void {
    this.#slots.load(input);
    this.#clusters.clear();
    this.#byWorkload.clear();
    this.#size = 0;
    for (let clusters = input.u32(); clusters > 0; clusters--) {
      const cluster = input.u32();
      for (let left = input.u32(); left > 0; left--) {
        this.#enter(cluster, input.u32(), input.text());
      }
    }
    this.#lanes.loadResting(input);
  }

  absorb(from: Resting, moved: Moved): void {
    const slots = new Int32Array(from.#slots.count).fill(-1);
    for (const [theirs, own] of from.#clusters) {
      const cluster = movedCluster(moved, theirs);
      if (cluster === undefined) continue;
      for (const [old, workload] of own) {
        slots[old] = this.#slots.adopt(from.#slots, old);
        this.#enter(cluster, slots[old], `${cluster}${workload.slice(workload.indexOf(' '))}`);
      }
    }
    this.#lanes.absorbResting(from.#lanes, slots);
  }
}

const isThere = ({ resting }: Lane, slot: number): boolean =>
  resting.scorer.knows(slot) ||
  quantiles.some((_, k) => resting.quantiles.knows(slot * quantiles.length + k));
