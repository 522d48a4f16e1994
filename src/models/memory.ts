import type { ByteReader, ByteWriter } from '../core/bytes.ts';
import { messageOf, SeastateError } from '../core/errors.ts';
import { Columns, type ColumnsSpec } from '../engine/columns.ts';
import type { ModelDefinition } from '../engine/model.ts';
import { Cycles } from './cycles.ts';
import { Pool } from './pool.ts';
import { tailWidth } from './tail.ts';

const seriesColumns = {
  /** ms of the newest sample. */
  time: 'f64',
  /** ms of the first sample that the model state has scored, or since a cycle was given up. */
  began: 'f64',
  /** Newest value as it came, of a counter. */
  raw: 'f64',
  /** Newest value as scored. */
  held: 'f64',
  /** ms where the present run of improbable samples began, 0 outside. */
  onset: 'f64',
  interval: 'f32',
  /** Longest usual pause, ms. */
  pause: 'f32',
  /** Samples in the model state; before it has one, samples that held the same value. */
  count: 'u32',
  slot: { type: 'i32', initial: -1 },
  raise: 'f32',
  strength: 'f32',
  /** Samples since the last alarm, held at 65535. */
  since: { type: 'u16', initial: 65_535 },
  /** Equal samples in a row now, and the most so far. */
  equal: 'u16',
  longest: 'u16',
  /** Samples in a row above (+) or below (-) the band. */
  side: 'i8',
  /** Samples that may not alarm yet, after a gap. */
  mute: 'u8',
  flags: 'u8',
} as const satisfies ColumnsSpec;

/** Bits of `flags`. */
export const flag = {
  seen: 1,
  ended: 2,
  shifted: 4,
  declared: 8,
  /** Its cycle is looked for, or was found: the note of its state says which. */
  cyclic: 16,
  /** Cycles that were given up, so many times. */
  lapse: 32,
} as const;
/** Bits that count lapses. */
const lapses = 3 * flag.lapse;
/** Beside the version in front of a saved state: runs of cycles come last. */
const withCycles = 1 << 30;
/** Samples after a gap that may not alarm. */
export const muteAfterGap = 3;
/** Of a series, beside the model's state, what its successor goes on with. */
const handedOver = ['began', 'interval', 'pause', 'count', 'raise', 'longest'] as const;
const tailsSpec = { counts: { type: 'u16', width: tailWidth } } as const;

/**
 * What a scorer knows of its series: a row of columns each, and of those that moved the model's
 * state and, where the model does not calibrate itself, the tail of its scores. Slots of series are
 * the caller's.
 */
export class Memory {
  readonly series = new Columns(seriesColumns);
  /** The model's, by `series.arrays.slot`; another pool after `load`. */
  states: Pool<ColumnsSpec>;
  /** By the same slots. */
  readonly tails = new Columns(tailsSpec);
  readonly ownTail: boolean;
  /**
   * Of a model that asks for them. The note of a state is the run of the search, or -ms of the cycle
   * that was found.
   */
  readonly cycles: Cycles | undefined;
  /** Slots that there is room for. */
  reserved = 0;
  /** Why a user's model cannot use the state that was loaded; it is kept as it came. */
  unfit = '';
  readonly #definition: ModelDefinition;
  readonly #keepsUnfit: boolean;
  readonly #maySearch: (open: number) => boolean;
  /** The version of the model that the state is of. */
  #version: number;

  /**
   * `keepsUnfit`: a state that the model cannot use is no error of `load`. `maySearch`: whether one
   * more cycle is looked for beside so many.
   */
  constructor(
    definition: ModelDefinition,
    keepsUnfit: boolean,
    maySearch: (open: number) => boolean = () => true,
  ) {
    this.#definition = definition;
    this.#keepsUnfit = keepsUnfit;
    this.#maySearch = maySearch;
    this.ownTail = (definition.calibration ?? 'tail') === 'tail';
    this.cycles = definition.cycles ? new Cycles() : undefined;
    this.states = new Pool(definition.state);
    this.#version = definition.version;
  }

  /** Bytes of a series that never moved, of one in full, and what a search for cycles adds. */
  get bytes(): { quiet: number; full: number; searched: number } {
    const quiet = this.series.bytesPerSlot;
    const tail = this.ownTail ? this.tails.bytesPerSlot : 0;
    const searched = this.cycles?.bytesPerRun ?? 0;
    return { quiet, full: quiet + this.states.bytesPerSlot + tail, searched };
  }

  reserve(count: number): void {
    this.series.reserve(count);
    this.reserved = Math.floor(this.series.arrays.slot.length);
  }

  /** Whether there is a model state of the series. */
  knows(slot: number): boolean {
    return slot < this.reserved && this.series.arrays.slot[slot]! >= 0;
  }

  /** A state for the series, and a search for its cycle. */
  begin(slot: number): number {
    const at = this.states.take();
    this.series.arrays.slot[slot] = at;
    this.#beginSearch(slot, at);
    return at;
  }

  #beginSearch(slot: number, at: number): void {
    if (!this.cycles || !this.#maySearch(this.cycles.open)) return;
    this.states.notes[at] = this.cycles.begin();
    this.series.arrays.flags[slot]! |= flag.cyclic;
  }

  /** The cycle that was found holds no more: the season begins anew, and so does the search. */
  giveUp(slot: number, at: number, time: number): void {
    const { flags, began } = this.series.arrays;
    this.#endSearch(slot, at);
    began[slot] = time;
    if ((flags[slot]! & lapses) === lapses) return;
    flags[slot]! += flag.lapse;
    this.#beginSearch(slot, at);
  }

  #endSearch(slot: number, at: number): void {
    const { flags } = this.series.arrays;
    if ((flags[slot]! & flag.cyclic) === 0) return;
    flags[slot]! &= ~flag.cyclic;
    const run = this.states.notes[at]!;
    if (run >= 0) this.cycles?.end(run);
  }

  /** ms of the cycle that was found in the series, 0: none. */
  cycleOf(slot: number): number {
    const { flags, slot: states } = this.series.arrays;
    if ((flags[slot]! & flag.cyclic) === 0) return 0;
    return Math.max(0, -this.states.notes[states[slot]!]!);
  }

  /**
   * Gives `to`, a young series, a copy of what is known of `from`, a dead one of the same workload,
   * in this memory or another of the same model; in the place of what it learnt itself. They share
   * nothing afterwards; a cycle that was found goes on by the clock. False, and nothing is done,
   * where `to` knows as much.
   */
  inherit(from: number, to: number, source: Memory = this): boolean {
    const isUsable = source === this || this.unfit + source.unfit === '';
    if (!isUsable || !source.knows(from)) return false;
    this.reserve(to + 1);
    const [a, theirs] = [this.series.arrays, source.series.arrays];
    const own = a.slot[to]!;
    if (own >= 0) {
      if (a.count[to]! >= theirs.count[from]!) return false;
      this.#endSearch(to, own);
      this.states.give(own);
    }
    const at = this.states.adopt(source.states, theirs.slot[from]!);
    const cycle = source.cycleOf(from);
    if (cycle > 0) {
      this.states.notes[at] = -cycle;
      a.flags[to]! |= flag.cyclic;
    } else if ((theirs.flags[from]! & flag.cyclic) !== 0) this.#beginSearch(to, at);
    if (this.ownTail) {
      this.tails.reserve(at + 1);
      this.tails.copySlot(source.tails, theirs.slot[from]!, at);
    }
    for (const column of handedOver) a[column][to] = theirs[column][from]!;
    // Of one that reports already its newest value stays.
    if ((a.flags[to]! & flag.seen) === 0) a.held[to] = theirs.held[from]!;
    a.flags[to]! &= ~(flag.shifted | flag.declared | lapses);
    a.flags[to]! |= theirs.flags[from]! & lapses;
    a.side[to] = a.onset[to] = 0;
    a.slot[to] = at;
    a.mute[to] = muteAfterGap;
    return true;
  }

  /** The slot is given back: nothing of the series is kept. */
  forget(slot: number): void {
    if (slot >= this.reserved) return;
    const at = this.series.arrays.slot[slot]!;
    if (at >= 0) {
      this.#endSearch(slot, at);
      this.states.give(at);
      if (this.ownTail) this.tails.reset(at);
    }
    this.series.reset(slot);
  }

  /** Takes over the series that moved here from another partition; `slots` by old slot. */
  absorb(from: Memory, slots: Int32Array): void {
    if (from.unfit !== '') throw new SeastateError('model_state', from.unfit);
    this.reserve(slots.reduce((most, slot) => Math.max(most, slot + 1), 0));
    from.reserve(slots.length);
    for (const [old, slot] of slots.entries()) {
      if (slot < 0) continue;
      this.series.copySlot(from.series, old, slot);
      const kept = from.series.arrays.slot[old]!;
      if (kept < 0) continue;
      const at = this.states.adopt(from.states, kept);
      this.series.arrays.slot[slot] = at;
      if (this.cycles && from.cycles && (this.series.arrays.flags[slot]! & flag.cyclic) !== 0) {
        const run = from.states.notes[kept]!;
        this.states.notes[at] = run < 0 ? run : this.cycles.adopt(from.cycles, run);
      }
      if (!this.ownTail) continue;
      this.tails.reserve(at + 1);
      this.tails.copySlot(from.tails, kept, at);
    }
  }

  save(out: ByteWriter, count: number): void {
    if (count > this.reserved) this.reserve(count);
    // Of a model that does not look for cycles it is as it was before there were any.
    out.u32(this.cycles ? this.#version | withCycles : this.#version);
    this.series.save(out, count);
    this.states.save(out);
    this.tails.save(out, this.ownTail ? this.states.count : 0);
    this.cycles?.save(out);
  }

  /**
   * Takes a state of this model; one of an earlier version is mended by its `upgrade`. One that a
   * user's model cannot use is kept as it came, for the code that can, and its samples fail.
   */
  load(input: ByteReader): void {
    const head = input.u32();
    const from = head & ~withCycles;
    const count = this.series.load(input);
    this.reserve(count);
    const { at } = input;
    this.states.load(input);
    const unfit = this.#upgraded(from);
    if (unfit !== '') {
      if (!this.#keepsUnfit) throw new SeastateError('model_state', unfit);
      input.back(at);
      this.states = Pool.saved(input);
      this.unfit = unfit;
      this.#version = from;
    }
    this.tails.load(input);
    if ((head & withCycles) !== 0) this.#loadCycles(input);
  }

  /** Runs of a model that looks for cycles no more are left behind, with what was found. */
  #loadCycles(input: ByteReader): void {
    (this.cycles ?? new Cycles()).load(input);
    if (this.cycles) return;
    const { flags } = this.series.arrays;
    for (let slot = 0; slot < this.reserved; slot++) flags[slot]! &= ~flag.cyclic;
  }

  /** What is wrong with a state of version `from`; '' when it can be used. */
  #upgraded(from: number): string {
    const { name, version, upgrade } = this.#definition;
    if (from > version) {
      return (
        `the state of model ${name} is of version ${from}, its file is of version ${version}: ` +
        'bring the newer file back'
      );
    }
    if (from === version || !upgrade) return '';
    try {
      for (const at of this.states.used()) upgrade(from, this.states.arrays, at);
      return '';
    } catch (error) {
      return `model ${name} cannot upgrade its state from version ${from}: ${messageOf(error)}`;
    }
  }
}
