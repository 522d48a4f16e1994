import type { ByteReader, ByteWriter } from '../../core/bytes.ts';
import { Columns } from '../../engine/columns.ts';
import type { Moved } from '../../engine/moved.ts';
import type { Kept } from '../../engine/processor.ts';
import { Pool } from '../../models/pool.ts';

const none = -1;
const spec = {
  slot: { type: 'i32', initial: none },
  /** Newest value and its time, ms. */
  now: 'f64',
  nowAt: 'f64',
  /** Of a counter the increase since the last five minutes ended, and the time it goes back to. */
  increase: 'f64',
  since: 'f64',
} as const;

/** Newest values of the series that are compared: no room for the others. */
export class Tracked implements Kept {
  readonly #slots = new Columns({ at: { type: 'i32', initial: none } });
  readonly #pool = new Pool(spec);
  /** The last five minutes that were told, in multiples of them since the epoch. */
  told = 0;

  has(slot: number): boolean {
    return (this.#slots.arrays.at[slot] ?? none) >= 0;
  }

  add(slot: number): void {
    if (this.has(slot)) return;
    this.#slots.reserve(slot + 1);
    const at = this.#pool.take();
    this.#slots.arrays.at[slot] = at;
    this.#pool.arrays.slot[at] = slot;
  }

  remove(slot: number): void {
    if (!this.has(slot)) return;
    this.#pool.give(this.#slots.arrays.at[slot]!);
    this.#slots.arrays.at[slot] = none;
  }

  sample(slot: number, time: number, value: number): void {
    const at = this.#slots.arrays.at[slot]!;
    const p = this.#pool.arrays;
    if (p.nowAt[at]! > 0) {
      const step = value - p.now[at]!;
      p.increase[at]! += step >= 0 ? step : value;
    } else p.since[at] = time;
    p.now[at] = value;
    p.nowAt[at] = time;
  }

  /** Whether it has a value newer than `from` (ms). */
  isNewer(slot: number, from: number): boolean {
    const at = this.#slots.arrays.at[slot] ?? none;
    return at >= 0 && this.#pool.arrays.nowAt[at]! > from;
  }

  /** The newest value, or the rate per second since it was asked for last; NaN of too few. */
  value(slot: number, isRate: boolean): number {
    const at = this.#slots.arrays.at[slot]!;
    const p = this.#pool.arrays;
    const [time, since] = [p.nowAt[at]!, p.since[at]!];
    if (!isRate) return p.now[at]!;
    const rate = time > since ? (1000 * p.increase[at]!) / (time - since) : Number.NaN;
    p.increase[at] = 0;
    p.since[at] = time;
    return rate;
  }

  save(out: ByteWriter, slots: number): void {
    this.#slots.reserve(slots);
    this.#slots.save(out, slots);
    this.#pool.save(out);
    out.f64(this.told);
  }

  load(input: ByteReader): void {
    this.#slots.load(input);
    this.#pool.load(input);
    this.told = input.f64();
  }

  absorb(from: Tracked, { slots }: Moved): void {
    this.told = Math.max(this.told, from.told);
    for (const [old, slot] of slots.entries()) {
      if (slot < 0 || !from.has(old)) continue;
      this.#slots.reserve(slot + 1);
      const at = this.#pool.adopt(from.#pool, from.#slots.arrays.at[old]!);
      this.#slots.arrays.at[slot] = at;
      this.#pool.arrays.slot[at] = slot;
    }
  }
}
