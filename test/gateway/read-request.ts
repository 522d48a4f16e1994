import { WriteColumns } from '../../src/formats/remote-write/columns.ts';
import { decodeV2 } from '../../src/formats/remote-write/decode-v2.ts';
import { recordLimits } from '../../src/formats/remote-write/limits.ts';
import { decodeBody } from '../../src/formats/snappy/body-encoding.ts';
import { Scratch } from '../../src/formats/snappy/snappy.ts';
import type { LogRecord } from '../../src/log/log.ts';

/** One series entry of a record, as plain values. */
export interface ReadSeries {
  /** Sorted by name. */
  readonly labels: Readonly<Record<string, string>>;
  /** Time in ms and the 64 bits of the value as hex, so that NaNs keep their payload. */
  readonly samples: readonly (readonly [time: number, bits: string])[];
  readonly histograms: number;
  readonly exemplars: number;
  /** Number of the type; 0 unknown. */
  readonly type: number;
}

/** What the value of a `samples` record holds. */
export function readRecord(record: LogRecord): ReadSeries[] {
  const encoding = record.headers['encoding'] ?? '';
  const bytes = decodeBody(encoding, record.value!, 1 << 28, new Scratch());
  const columns = new WriteColumns();
  decodeV2(bytes, recordLimits, columns);
  const symbol = (k: number): string =>
    new TextDecoder().decode(columns.bytes.subarray(columns.symbolStart[k], columns.symbolEnd[k]));
  return Array.from({ length: columns.seriesCount }, (_, i) => {
    const labels: [string, string][] = [];
    for (let at = columns.labelStart[i]!; at < columns.labelEnd[i]!; at += 2) {
      labels.push([symbol(columns.refs[at]!), symbol(columns.refs[at + 1]!)]);
    }
    const samples: [number, string][] = [];
    for (let at = columns.sampleFrom[i]!; at < columns.sampleFrom[i + 1]!; at++) {
      samples.push([columns.times[at]!, bitsOf(columns.valueWords, at)]);
    }
    return {
      labels: Object.fromEntries(labels.sort(([a], [b]) => (a < b ? -1 : 1))),
      samples,
      histograms: columns.histogramFrom[i + 1]! - columns.histogramFrom[i]!,
      exemplars: columns.exemplarFrom[i + 1]! - columns.exemplarFrom[i]!,
      type: columns.metadataType[i]!,
    };
  });
}

const hex = (word: number): string => word.toString(16).padStart(8, '0');
const bitsOf = (words: Uint32Array, at: number): string =>
  hex(words[2 * at + 1]!) + hex(words[2 * at]!);

/** The bits of a number, as `ReadSeries.samples` has them. */
export function bits(value: number): string {
  const words = new Uint32Array(new Float64Array([value]).buffer);
  return bitsOf(words, 0);
}
