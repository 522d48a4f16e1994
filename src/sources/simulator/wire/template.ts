import type { Batch } from '../scrape/batch.ts';
import type { SeriesTable } from '../scrape/series-table.ts';

/**
 * The body of a request for certain slots in a certain order, with holes for what changes. All
 * times have six bytes as varint (fleetSettings sees to it), so a hole never changes its size.
 */
export interface Template {
  readonly slots: Uint32Array;
  /** Where the eight bytes of each value are; one tag byte further the six of its time. */
  readonly valueAt: Uint32Array;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Births of the table when it was made: slots born later have other labels. */
  readonly births: number;
}

/** Distance from a value to its time. */
const timeOffset = 9;

/** Size of a sample field: value and six bytes of time. */
export const sampleSize = 18;

/** Puts a sample field with holes at `at`; returns where its value goes. There must be room. */
export function putSampleHole(bytes: Uint8Array, at: number): number {
  bytes[at] = 0x12;
  bytes[at + 1] = 16;
  bytes[at + 2] = 0x09;
  bytes[at + 11] = 0x10;
  return at + 3;
}

/** Whether a template is for exactly the samples of a batch. */
function fits(template: Template, batch: Batch, table: SeriesTable): boolean {
  const { slots, births } = template;
  const count = batch.count;
  if (slots.length !== count) return false;
  const wanted = batch.slots;
  const born = table.born;
  for (let i = 0; i < count; i++) {
    const slot = wanted[i]!;
    if (slot !== slots[i] || born[slot]! > births) return false;
  }
  return true;
}

/** Writes values and times of a batch into the holes. */
function patch({ valueAt, view }: Template, { count, words, times }: Batch): void {
  let time = -1;
  let low = 0;
  let high = 0;
  for (let i = 0; i < count; i++) {
    if (times[i] !== time) {
      time = times[i]!;
      low = timeLow(time);
      high = timeHigh(time);
    }
    const at = valueAt[i]!;
    view.setUint32(at, words[2 * i]!, true);
    view.setUint32(at + 4, words[2 * i + 1]!, true);
    view.setUint32(at + timeOffset, low, true);
    view.setUint16(at + timeOffset + 4, high, true);
  }
}

/** The first four bytes of a time as varint, little-endian in one number. */
function timeLow(time: number): number {
  const bits = time % 2 ** 28;
  return (
    (bits & 0x7f) |
    ((bits & 0x3f80) << 1) |
    ((bits & 0x1f_c000) << 2) |
    ((bits & 0xfe0_0000) << 3) |
    0x8080_8080
  );
}

/** The last two. */
function timeHigh(time: number): number {
  const bits = Math.floor(time / 2 ** 28);
  return (bits & 0x7f) | ((bits & 0x3f80) << 1) | 0x80;
}

/** Templates by their first slot; the oldest make room. */
export class TemplateCache<T extends Template> {
  readonly #max: number;
  readonly #templates = new Map<number, T>();

  constructor(max: number) {
    this.#max = max;
  }

  /** The filled template of a batch: the one that is known, else one that `build` makes. */
  filled(batch: Batch, table: SeriesTable, build: (batch: Batch) => T): T {
    const isKept = !batch.isBacklog && batch.count > 0;
    const known = isKept ? this.#templates.get(batch.slots[0]!) : undefined;
    const template = known && fits(known, batch, table) ? known : build(batch);
    if (isKept && template !== known) this.#keep(template);
    patch(template, batch);
    return template;
  }

  #keep(template: T): void {
    const key = template.slots[0]!;
    this.#templates.delete(key);
    this.#templates.set(key, template);
    if (this.#templates.size > this.#max) {
      this.#templates.delete(this.#templates.keys().next().value!);
    }
  }
}
