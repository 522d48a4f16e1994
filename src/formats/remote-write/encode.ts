import { ByteWriter, utf8 } from '../../core/bytes.ts';
import { type FamilyMetadata, type MetricType, metricTypes } from './columns.ts';
import { staleHigh, staleLow } from './stale.ts';

type LabelPair = readonly [name: string, value: string];

export interface SampleInput {
  /** ms */
  readonly time: number;
  /** A number, or 'stale' for the stale marker. */
  readonly value: number | 'stale';
  /** ms, when the counter began. */
  readonly startTime?: number;
}

export interface ExemplarInput {
  readonly labels: readonly LabelPair[];
  /** ms */
  readonly time: number;
  readonly value: number;
}

/** One series entry. Labels are sent in the order given. */
export interface SeriesInput {
  readonly labels: readonly LabelPair[];
  readonly samples?: readonly SampleInput[];
  /** Histogram messages (protobuf, timestamp inside), verbatim. */
  readonly histograms?: readonly Uint8Array[];
  readonly exemplars?: readonly ExemplarInput[];
  /** Protocol 2 only. */
  readonly metadata?: { readonly type: MetricType; readonly help?: string; readonly unit?: string };
}

/**
 * A remote write 2.0 request, not compressed: for simulators, sinks and tests. The gateway's own
 * way is `RequestEncoder`.
 */
export function encodeRequest(series: readonly SeriesInput[]): Uint8Array {
  const symbols = new Map([['', 0]]);
  const ref = (text: string): number => {
    const known = symbols.get(text);
    if (known !== undefined) return known;
    symbols.set(text, symbols.size);
    return symbols.size - 1;
  };
  const entries = new ByteWriter(4096);
  const entry = new ByteWriter();
  const part = new ByteWriter();
  for (const { labels, samples, histograms, exemplars, metadata } of series) {
    entry.clear();
    writeRefs(part, labels, ref);
    if (part.length > 0) writeMessage(entry, 0x0a, part);
    for (const sample of samples ?? []) writeSample(entry, sample);
    for (const histogram of histograms ?? []) writeBytes(entry, 0x1a, histogram);
    for (const exemplar of exemplars ?? []) {
      const message = new ByteWriter();
      writeRefs(part, exemplar.labels, ref);
      if (part.length > 0) writeMessage(message, 0x0a, part);
      message.u8(0x11).f64(exemplar.value);
      writeVarintField(message, 0x18, exemplar.time);
      writeMessage(entry, 0x22, message);
    }
    if (metadata) {
      part.clear();
      writeVarintField(part, 0x08, metricTypes.indexOf(metadata.type));
      writeVarintField(part, 0x18, ref(metadata.help ?? ''));
      writeVarintField(part, 0x20, ref(metadata.unit ?? ''));
      writeMessage(entry, 0x2a, part);
    }
    writeMessage(entries, 0x2a, entry);
  }
  const request = new ByteWriter(entries.length + 4096);
  for (const symbol of symbols.keys()) writeBytes(request, 0x22, utf8(symbol));
  return request.raw(entries.view()).take();
}

/** A remote write 1.0 request, not compressed. */
export function encodeRequestV1(
  series: readonly SeriesInput[],
  metadata: readonly FamilyMetadata[] = [],
): Uint8Array {
  const request = new ByteWriter(4096);
  const entry = new ByteWriter();
  for (const { labels, samples, histograms, exemplars } of series) {
    entry.clear();
    for (const label of labels) writeLabel(entry, label);
    for (const sample of samples ?? []) writeSample(entry, { ...sample, startTime: 0 });
    for (const exemplar of exemplars ?? []) {
      const message = new ByteWriter();
      for (const label of exemplar.labels) writeLabel(message, label);
      message.u8(0x11).f64(exemplar.value);
      writeVarintField(message, 0x18, exemplar.time);
      writeMessage(entry, 0x1a, message);
    }
    for (const histogram of histograms ?? []) writeBytes(entry, 0x22, histogram);
    writeMessage(request, 0x0a, entry);
  }
  for (const { type, family, help, unit } of metadata) {
    const message = new ByteWriter();
    writeVarintField(message, 0x08, metricTypes.indexOf(type));
    writeText(message, 0x12, family);
    writeText(message, 0x22, help);
    writeText(message, 0x2a, unit);
    writeMessage(request, 0x1a, message);
  }
  return request.take();
}

function writeSample(out: ByteWriter, { time, value, startTime = 0 }: SampleInput): void {
  const message = new ByteWriter(32);
  message.u8(0x09);
  if (value === 'stale') message.u32(staleLow).u32(staleHigh);
  else message.f64(value);
  writeVarintField(message, 0x10, time);
  writeVarintField(message, 0x18, startTime);
  writeMessage(out, 0x12, message);
}

function writeRefs(
  out: ByteWriter,
  labels: readonly LabelPair[],
  ref: (text: string) => number,
): void {
  out.clear();
  for (const [name, value] of labels) {
    writeVarint(out, ref(name));
    writeVarint(out, ref(value));
  }
}

function writeLabel(out: ByteWriter, [name, value]: LabelPair): void {
  const message = new ByteWriter();
  writeText(message, 0x0a, name);
  writeText(message, 0x12, value);
  writeMessage(out, 0x0a, message);
}

function writeText(out: ByteWriter, tag: number, text: string): void {
  if (text !== '') writeBytes(out, tag, utf8(text));
}

function writeMessage(out: ByteWriter, tag: number, message: ByteWriter): void {
  writeBytes(out, tag, message.view());
}

function writeBytes(out: ByteWriter, tag: number, bytes: Uint8Array): void {
  out.u8(tag);
  writeVarint(out, bytes.length);
  out.raw(bytes);
}

/** Leaves out a zero, as proto3 does. */
function writeVarintField(out: ByteWriter, tag: number, value: number): void {
  if (value === 0) return;
  out.u8(tag);
  writeVarint(out, value);
}

/** A 64-bit varint of a safe integer; negative ones take ten bytes. */
export function writeVarint(out: ByteWriter, value: number): void {
  let low = value >>> 0;
  let high = Math.floor(value / 2 ** 32) >>> 0;
  while (high > 0 || low > 0x7f) {
    out.u8((low & 0x7f) | 0x80);
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  out.u8(low);
}
