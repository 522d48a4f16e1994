import { ByteWriter } from '../../src/core/bytes.ts';
import { writeVarint } from '../../src/formats/remote-write/encode.ts';

export interface HistogramInput {
  /** ms */
  readonly time: number;
  readonly count?: number;
  readonly sum?: number;
  readonly schema?: number;
  readonly zeroCount?: number;
  /** Offset and length of each span. */
  readonly positiveSpans?: readonly (readonly [number, number])[];
  readonly positiveDeltas?: readonly number[];
  readonly negativeSpans?: readonly (readonly [number, number])[];
  readonly negativeDeltas?: readonly number[];
  readonly customBounds?: readonly number[];
  readonly startTime?: number;
}

/** An integer native histogram as a protobuf message. */
export function histogram(input: HistogramInput): Uint8Array {
  const out = new ByteWriter();
  const varint = (field: number, value: number): void => {
    writeVarint(out, field << 3);
    writeVarint(out, value);
  };
  const bytes = (field: number, message: ByteWriter): void => {
    writeVarint(out, (field << 3) | 2);
    writeVarint(out, message.length);
    out.raw(message.view());
  };
  const spans = (field: number, given: readonly (readonly [number, number])[] = []): void => {
    for (const [offset, length] of given) {
      const message = new ByteWriter().u8(0x08);
      writeVarint(message, zigzag(offset));
      message.u8(0x10);
      writeVarint(message, length);
      bytes(field, message);
    }
  };
  const deltas = (field: number, given: readonly number[] = []): void => {
    const message = new ByteWriter();
    for (const delta of given) writeVarint(message, zigzag(delta));
    if (given.length > 0) bytes(field, message);
  };
  varint(1, input.count ?? 0);
  out.u8((3 << 3) | 1).f64(input.sum ?? 0);
  varint(4, zigzag(input.schema ?? 0));
  // Custom buckets have no zero bucket.
  if (!input.customBounds) out.u8((5 << 3) | 1).f64(1e-128);
  varint(6, input.zeroCount ?? 0);
  spans(8, input.negativeSpans);
  deltas(9, input.negativeDeltas);
  spans(11, input.positiveSpans);
  deltas(12, input.positiveDeltas);
  varint(15, input.time);
  if (input.customBounds) {
    const message = new ByteWriter();
    for (const bound of input.customBounds) message.f64(bound);
    bytes(16, message);
  }
  if (input.startTime !== undefined) varint(17, input.startTime);
  return out.take();
}

const zigzag = (value: number): number => (value >= 0 ? 2 * value : -2 * value - 1);
