import type { SampleColumns } from '../../formats/remote-write/series-reader.ts';
import type { Block, HistogramColumns } from '../processor.ts';

/** The block that the tracker fills record by record: one set of arrays, reused. */
export class BlockBuffer implements Block {
  cluster = 0;
  length = 0;
  slots = new Int32Array(0);
  times = new Float64Array(0);
  values = new Float64Array(0);
  stale = new Uint8Array(0);
  readonly histograms: HistogramBuffer = new HistogramBuffer();

  /** Samples and histograms that were taken. */
  get taken(): number {
    return this.length + this.histograms.length;
  }

  begin(cluster: number, capacity: number, input: SampleColumns): void {
    this.cluster = cluster;
    this.length = 0;
    if (capacity > this.slots.length) {
      this.slots = new Int32Array(capacity);
      this.times = new Float64Array(capacity);
      this.values = new Float64Array(capacity);
      this.stale = new Uint8Array(capacity);
    }
    this.histograms.begin(input);
  }

  push(slot: number, time: number, value: number, stale: boolean): void {
    const i = this.length++;
    this.slots[i] = slot;
    this.times[i] = time;
    this.values[i] = value;
    this.stale[i] = stale ? 1 : 0;
  }

  pushHistogram(slot: number, time: number, stale: boolean, start: number, end: number): void {
    this.histograms.push(slot, time, stale, start, end);
  }
}

class HistogramBuffer implements HistogramColumns {
  length = 0;
  slots = new Int32Array(0);
  times = new Float64Array(0);
  stale = new Uint8Array(0);
  starts = new Uint32Array(0);
  ends = new Uint32Array(0);
  bytes: Uint8Array = new Uint8Array(0);

  begin(input: SampleColumns): void {
    const capacity = input.histograms.length;
    this.length = 0;
    this.bytes = input.histograms.bytes;
    if (capacity <= this.slots.length) return;
    this.slots = new Int32Array(capacity);
    this.times = new Float64Array(capacity);
    this.stale = new Uint8Array(capacity);
    this.starts = new Uint32Array(capacity);
    this.ends = new Uint32Array(capacity);
  }

  push(slot: number, time: number, stale: boolean, start: number, end: number): void {
    const i = this.length++;
    this.slots[i] = slot;
    this.times[i] = time;
    this.stale[i] = stale ? 1 : 0;
    this.starts[i] = start;
    this.ends[i] = end;
  }
}
