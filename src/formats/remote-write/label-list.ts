import { isUtf8 } from 'node:buffer';
import { text } from '../../core/bytes.ts';
import type { WriteColumns } from './columns.ts';
import type { WriteLimits } from './limits.ts';
import type { Wire } from './wire.ts';

/** What can be wrong with the labels of a series. */
export type LabelReason =
  | 'no_metric_name'
  | 'empty_label_name'
  | 'duplicate_label'
  | 'invalid_utf8'
  | 'too_many_labels'
  | 'label_too_long'
  | 'ref_out_of_range'
  | 'odd_refs';

const metricName = new TextEncoder().encode('__name__');

/**
 * The labels of one series entry as byte ranges, in the order sent and then sorted: what is looked
 * at when a series is seen for the first time or is bad.
 */
export class LabelList {
  #bytes: Uint8Array = new Uint8Array(0);
  #ranges = new Uint32Array(64);
  #order: number[] = [];
  #count = 0;
  /** Whether labels came unsorted or with empty values: the bytes as sent are not canonical. */
  irregular = false;

  /** Labels as sent, up to the one that is broken. */
  get count(): number {
    return this.#count;
  }

  /** Per label as sent: start and end of its name and of its value in the message. */
  get ranges(): Uint32Array {
    return this.#ranges;
  }

  /** Indexes of good labels by name. */
  get order(): readonly number[] {
    return this.#order;
  }

  /**
   * Takes the labels of entry `index` and checks all but their UTF-8. Undefined when they are
   * good; the list holds what could be read in any case. Error: `body_malformed`.
   */
  read(c: WriteColumns, index: number, limits: WriteLimits): LabelReason | undefined {
    this.#bytes = c.bytes;
    this.#count = 0;
    this.irregular = false;
    const { labelsMax } = limits;
    const reason =
      c.protocol === 1 ? this.#readBlock(c, index, labelsMax) : this.#readRefs(c, index, labelsMax);
    return reason ?? this.#check(limits);
  }

  #push(nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): void {
    const at = this.#count++ * 4;
    if (at === this.#ranges.length) {
      const bigger = new Uint32Array(at * 2);
      bigger.set(this.#ranges);
      this.#ranges = bigger;
    }
    this.#ranges[at] = nameStart;
    this.#ranges[at + 1] = nameEnd;
    this.#ranges[at + 2] = valueStart;
    this.#ranges[at + 3] = valueEnd;
  }

  /** Protocol 1: label messages (1 name, 2 value), each behind its tag and length. */
  #readBlock(c: WriteColumns, index: number, max: number): undefined {
    const w = c.wire;
    const end = c.labelEnd[index]!;
    w.at = c.labelStart[index]!;
    const range = [0, 0, 0, 0];
    while (w.at < end && this.#count <= max) {
      if (this.#pushPlain(w, end)) continue;
      w.tag(end);
      readLabel(w, end, range);
      this.#push(range[0]!, range[1]!, range[2]!, range[3]!);
    }
  }

  /** A label as every sender writes it: name, value, and lengths of one byte. */
  #pushPlain(w: Wire, end: number): boolean {
    const { bytes } = w;
    const { at } = w;
    if (end - at < 6 || bytes[at + 1]! >= 0x80 || bytes[at + 2] !== 0x0a) return false;
    const labelEnd = at + 2 + bytes[at + 1]!;
    const nameEnd = at + 4 + bytes[at + 3]!;
    if (bytes[at + 3]! >= 0x80 || labelEnd > end || nameEnd + 2 > labelEnd) return false;
    const size = bytes[nameEnd + 1]!;
    if (bytes[nameEnd] !== 0x12 || size >= 0x80 || nameEnd + 2 + size !== labelEnd) return false;
    this.#push(at + 4, nameEnd, nameEnd + 2, labelEnd);
    w.at = labelEnd;
    return true;
  }

  #readRefs(c: WriteColumns, index: number, max: number): LabelReason | undefined {
    const from = c.labelStart[index]!;
    const to = c.labelEnd[index]!;
    const { refs, symbolStart, symbolEnd, symbolCount } = c;
    for (let k = from; k + 1 < to && this.#count <= max; k += 2) {
      const name = refs[k]!;
      const value = refs[k + 1]!;
      if (name >= symbolCount || value >= symbolCount) return 'ref_out_of_range';
      this.#push(symbolStart[name]!, symbolEnd[name]!, symbolStart[value]!, symbolEnd[value]!);
    }
    return (to - from) % 2 === 0 ? undefined : 'odd_refs';
  }

  #check({ labelsMax, labelBytesMax }: WriteLimits): LabelReason | undefined {
    const ranges = this.#ranges;
    const count = this.#count;
    if (count > labelsMax) return 'too_many_labels';
    let named = false;
    for (let i = 0; i < count; i++) {
      const at = 4 * i;
      const nameSize = ranges[at + 1]! - ranges[at]!;
      const valueSize = ranges[at + 3]! - ranges[at + 2]!;
      if (nameSize === 0) return 'empty_label_name';
      if (nameSize > labelBytesMax || valueSize > labelBytesMax) return 'label_too_long';
      if (valueSize === 0) this.irregular = true;
      else if (this.#isName(i)) named = true;
    }
    this.#sort();
    for (let i = 1; i < count; i++) {
      if (this.#compareNames(this.#order[i - 1]!, this.#order[i]!) === 0) return 'duplicate_label';
    }
    return named ? undefined : 'no_metric_name';
  }

  #isName(index: number): boolean {
    const start = this.#ranges[4 * index]!;
    if (this.#ranges[4 * index + 1]! - start !== metricName.length) return false;
    return metricName.every((byte, k) => this.#bytes[start + k] === byte);
  }

  #sort(): void {
    const order = this.#order;
    order.length = 0;
    for (let i = 0; i < this.#count; i++) {
      order.push(i);
      if (i > 0 && this.#compareNames(i - 1, i) > 0) this.irregular = true;
    }
    if (this.irregular) order.sort((a, b) => this.#compareNames(a, b));
  }

  #compareNames(a: number, b: number): number {
    const bytes = this.#bytes;
    const ranges = this.#ranges;
    const aStart = ranges[4 * a]!;
    const bStart = ranges[4 * b]!;
    const aSize = ranges[4 * a + 1]! - aStart;
    const bSize = ranges[4 * b + 1]! - bStart;
    const shared = Math.min(aSize, bSize);
    for (let k = 0; k < shared; k++) {
      const difference = bytes[aStart + k]! - bytes[bStart + k]!;
      if (difference !== 0) return difference;
    }
    return aSize - bSize;
  }

  /** The series as people write it, at most `max` characters, whatever its bytes are. */
  print(max = 200): string {
    let name = '';
    const labels: string[] = [];
    let length = 2;
    for (let i = 0; i < this.#count && length < max; i++) {
      const at = 4 * i;
      if (this.#isName(i)) {
        name = this.#text(at + 2, max);
        length += name.length;
        continue;
      }
      const label = `${this.#text(at, max)}=${JSON.stringify(this.#text(at + 2, max))}`;
      labels.push(label);
      length += label.length + 2;
    }
    const whole = `${escapeControls(name)}{${labels.map(escapeControls).join(', ')}}`;
    return whole.length <= max ? whole : `${cut(whole, max - 1)}…`;
  }

  #text(at: number, max: number): string {
    const start = this.#ranges[at]!;
    return text(this.#bytes.subarray(start, Math.min(this.#ranges[at + 1]!, start + 4 * max)));
  }
}

/**
 * Reads a label of protocol 1 (1 name, 2 value) behind its tag into the start and end of its name
 * and of its value.
 */
export function readLabel(w: Wire, messageEnd: number, range: number[]): void {
  const size = w.size(messageEnd);
  const end = w.at + size;
  range.fill(0);
  while (w.at < end) {
    const tag = w.tag(end);
    if (tag !== 0x0a && tag !== 0x12) {
      w.skip(tag, end);
      continue;
    }
    const length = w.size(end);
    const at = tag === 0x0a ? 0 : 2;
    range[at] = w.at;
    w.at += length;
    range[at + 1] = w.at;
  }
}

/** Whether bytes[start, end) are valid UTF-8. */
export function validUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let all = 0;
  for (let k = start; k < end; k++) all |= bytes[k]!;
  return all < 0x80 || isUtf8(bytes.subarray(start, end));
}

function escapeControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** Does not cut a surrogate pair in two. */
function cut(text: string, length: number): string {
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? length - 1 : length);
}
