import type { ByteReader, ByteWriter } from '../core/bytes.ts';
import type { Sample } from '../engine/model.ts';
import { dayMs } from './budget.ts';
import { length, periodOf } from './cycle-search.ts';
import { Pool } from './pool.ts';

/** What is kept of the values of a series while its cycle is looked for: means of 1, 2, 4 ... rows. */
const runColumns = {
  /** The first value: what is kept stands relative to it. */
  origin: 'f64',
  /** What one step of a kept value is worth; 0 while all were equal. */
  unit: 'f64',
  sum: 'f64',
  values: { type: 'u16', width: length },
  filled: 'u8',
  rows: 'u8',
  /** Rows to a value, as a power of 2. */
  block: 'u8',
} as const;

/** Rows to a value at which the search ends, as a power of 2: 8192 rows in all. */
const lastBlock = 6;
/** The clock's cycle takes so many values at least: with fewer it cannot be told from others. */
const leastClock = 4;
const middle = 32_768;
const reach = 32_000;
const fine = 1 / 1024;
const farthest = 1e300;
/** Parts of the shape of a cycle. */
export const parts = 24;
/** Rows after which the search ends however often it began anew. */
const mostRows = 4 * (length << lastBlock);
/** A cycle is kept as whole ms in 31 bits. */
const mostMs = 2 ** 31 - 1;

/** The clock's own cycle at this interval, ms: a day, of rows half a day apart and more a week. */
const clockOf = (interval: number): number => (interval < dayMs / 2 ? dayMs : 7 * dayMs);

/**
 * Looks for a cycle in young series that is not the clock's. The means of a series fill a run of
 * fixed length; when it is full it is searched, and drawn together to half of it, so that the same
 * few bytes see ever longer cycles. Found or not, after 8192 rows at most they are given back.
 */
export class Cycles {
  /** Of the cycle just found: its means in parts of equal length, from time 0 on. */
  readonly shape = new Float64Array(parts);
  #runs = new Pool(runColumns);
  #open = 0;
  readonly #values = new Float64Array(length);

  get bytesPerRun(): number {
    return this.#runs.bytesPerSlot;
  }

  /** Series whose cycle is looked for. */
  get open(): number {
    return this.#open;
  }

  begin(): number {
    this.#open++;
    return this.#runs.take();
  }

  end(run: number): void {
    this.#open--;
    this.#runs.give(run);
  }

  adopt(from: Cycles, run: number): number {
    this.#open++;
    return this.#runs.adopt(from.#runs, run);
  }

  /**
   * One more sample: ms of the cycle that it shows, with `shape`; 0 while there is none, -1 when the
   * search is over.
   */
  see(run: number, s: Sample): number {
    const a = this.#runs.arrays;
    const { value, time, interval } = s;
    if (s.age > mostRows * interval) return -1;
    if (s.gap) this.#restart(run);
    if (a.filled[run] === 0 && a.rows[run] === 0) a.origin[run] = value;
    const off = Math.max(-farthest, Math.min(farthest, value - a.origin[run]!));
    for (let k = s.gap ? 1 : Math.round(s.steps); k > 0; k--) {
      a.sum[run]! += off;
      if (++a.rows[run]! < 1 << a.block[run]!) continue;
      this.#keep(run, a.sum[run]! / (1 << a.block[run]!));
      a.sum[run] = a.rows[run] = 0;
      if (a.filled[run]! < length) continue;
      const found = this.#search(run, time - (k - 1) * interval, interval);
      if (found !== 0) return found;
    }
    return 0;
  }

  /** After a gap nobody knows where in its cycle a series is. */
  #restart(run: number): void {
    const a = this.#runs.arrays;
    a.filled[run] = a.rows[run] = a.block[run] = a.sum[run] = a.unit[run] = 0;
  }

  save(out: ByteWriter): void {
    this.#runs.save(out);
  }

  load(input: ByteReader): void {
    this.#runs.load(input);
    this.#open = this.#runs.used().length;
  }

  /** In whole steps; steps grow with the farthest value. */
  #keep(run: number, off: number): void {
    const a = this.#runs.arrays;
    if (a.unit[run] === 0) a.unit[run] = Math.abs(off) * fine;
    const unit = a.unit[run]!;
    const steps = unit > 0 ? off / unit : 0;
    const from = run * length;
    const filled = a.filled[run]!;
    if (Math.abs(steps) > reach) {
      const coarser = 2 ** Math.ceil(Math.log2(Math.abs(steps) / reach));
      for (let k = from; k < from + filled; k++) {
        a.values[k] = middle + Math.round((a.values[k]! - middle) / coarser);
      }
      a.unit[run] = unit * coarser;
      a.values[from + filled] = middle + Math.round(steps / coarser);
    } else a.values[from + filled] = middle + Math.round(steps);
    a.filled[run] = filled + 1;
  }

  #search(run: number, time: number, interval: number): number {
    const a = this.#runs.arrays;
    const block = a.block[run]!;
    const clock = clockOf(interval) / interval / (1 << block);
    const from = run * length;
    for (let k = 0; k < length; k++) this.#values[k] = a.values[from + k]! - middle;
    const span = interval * (1 << block);
    const cycle = Math.round(wholeRows(periodOf(this.#values, clock), 1 << block) * interval);
    if (cycle > 0 && cycle <= mostMs) {
      this.#draw(run, cycle, time + interval / 2, span);
      return cycle;
    }
    if (block === lastBlock || clock < 2 * leastClock) return -1;
    this.#drawTogether(run);
    return 0;
  }

  #drawTogether(run: number): void {
    const a = this.#runs.arrays;
    const from = run * length;
    for (let k = 0; k < length / 2; k++) {
      const both = a.values[from + 2 * k]! + a.values[from + 2 * k + 1]!;
      a.values[from + k] = both >> 1;
    }
    a.filled[run] = length / 2;
    a.block[run]!++;
  }

  /** Each value covers `span` ms, the last one up to `end`. */
  #draw(run: number, cycle: number, end: number, span: number): void {
    const a = this.#runs.arrays;
    const count = new Uint16Array(parts);
    const pieces = 8;
    this.shape.fill(0);
    for (let k = 0; k < length * pieces; k++) {
      const time = end - (length - (k + 0.5) / pieces) * span;
      const part = Math.floor((parts * (((time % cycle) + cycle) % cycle)) / cycle) % parts;
      this.shape[part]! += this.#values[Math.floor(k / pieces)]!;
      count[part]!++;
    }
    for (let part = 0; part < parts; part++) {
      const mean = this.shape[part]! / count[part]!;
      this.shape[part] = count[part]! > 0 ? a.origin[run]! + mean * a.unit[run]! : Number.NaN;
    }
  }
}

/** Rows in `period` values of so many rows each: a whole number where it is as good as one. */
function wholeRows(period: number, rows: number): number {
  const all = period * rows;
  const whole = Math.round(all);
  return rows <= 4 && Math.abs(all - whole) <= 0.3 ? whole : all;
}
