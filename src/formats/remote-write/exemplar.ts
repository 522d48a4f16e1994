import type { WriteColumns } from './columns.ts';
import { readLabel, validUtf8 } from './label-list.ts';
import type { WriteLimits } from './limits.ts';

/** More than any exemplar needs; so a liar cannot make us build huge lists. */
const messageBytesMax = 1 << 16;

/** An exemplar message of either protocol, and its labels as ranges of the message. */
export interface ExemplarParts {
  /** Start and end of each name and value in turn. */
  readonly labels: number[];
  /** Protocol 2: the symbol number of each name and value. */
  readonly refs: number[];
  /** Where the 64 bits of the value stand; -1 when absent, which is 0. */
  valueAt: number;
  /** ms */
  time: number;
}

/**
 * Reads exemplar `index`. Errors: `body_malformed`.
 *
 *     protocol 1: 1 labels[]   protocol 2: 1 labels_refs[]   both: 2 value double   3 timestamp
 */
export function readExemplar(c: WriteColumns, index: number): ExemplarParts {
  const w = c.wire;
  const end = c.exemplarEnd[index]!;
  w.at = c.exemplarStart[index]!;
  const parts: ExemplarParts = { labels: [], refs: [], valueAt: -1, time: 0 };
  while (w.at < end) {
    const tag = w.tag(end);
    if (tag === 0x11) parts.valueAt = w.fixed64(end);
    else if (tag === 0x18) parts.time = w.int64(end);
    else if (tag === 0x0a && c.protocol === 1) {
      const range = [0, 0, 0, 0];
      readLabel(w, end, range);
      parts.labels.push(...range);
    } else if (tag === 0x0a) {
      const size = w.size(end);
      const stop = w.at + size;
      while (w.at < stop) addRef(c, w.uint32(stop), parts);
    } else if (tag === 0x08 && c.protocol === 2) addRef(c, w.uint32(end), parts);
    else w.skip(tag, end);
  }
  if (parts.refs.length % 2 !== 0) w.fail('a label without value');
  return parts;
}

function addRef(c: WriteColumns, ref: number, parts: ExemplarParts): void {
  if (ref >= c.symbolCount) c.wire.fail(`symbol ${ref} does not exist`);
  parts.refs.push(ref);
  parts.labels.push(c.symbolStart[ref]!, c.symbolEnd[ref]!);
}

/** Labels may be absent and values are free, but all of it must be text within the limits. */
export function exemplarIsValid(c: WriteColumns, index: number, limits: WriteLimits): boolean {
  if (c.exemplarEnd[index]! - c.exemplarStart[index]! > messageBytesMax) return false;
  let parts: ExemplarParts;
  try {
    parts = readExemplar(c, index);
  } catch {
    return false;
  }
  const { labels } = parts;
  if (labels.length > 4 * limits.labelsMax) return false;
  for (let k = 0; k < labels.length; k += 2) {
    const start = labels[k]!;
    const end = labels[k + 1]!;
    if (k % 4 === 0 && start === end) return false;
    if (end - start > limits.labelBytesMax || !validUtf8(c.bytes, start, end)) return false;
  }
  return true;
}
