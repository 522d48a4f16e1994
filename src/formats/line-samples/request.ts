import { ByteWriter } from '../../core/bytes.ts';
import type { LineSamples } from './line-samples.ts';

/**
 * Samples of line formats as a remote write 2.0 request, not compressed: one entry per sample, in
 * their order, so that what comes in is read by the gateway like any request.
 */
export class LineRequestEncoder {
  readonly #symbols = new ByteWriter(1 << 16);
  readonly #entries = new ByteWriter(1 << 20);
  /** Number of a symbol in the request, where `#seen` holds the request's own number. */
  #local = new Uint32Array(1024);
  #seen = new Uint32Array(1024);
  #request = 0;
  #count = 0;
  #entry = new Uint8Array(1024);

  /** Encodes samples `from` up to `to`. */
  encode(samples: LineSamples, from: number, to: number): Uint8Array {
    this.#begin();
    const value = new DataView(new ArrayBuffer(8));
    for (let i = from; i < to; i++) {
      const at = this.#refs(samples, samples.series[i]!);
      value.setFloat64(0, samples.values[i]!, true);
      this.#sample(at, value, samples.times[i]!);
    }
    return this.#symbols.raw(this.#entries.view()).take();
  }

  #begin(): void {
    this.#request++;
    this.#count = 1;
    this.#symbols.clear();
    this.#entries.clear();
    // Symbol 0 is the empty string.
    this.#symbols.u8(0x22).u8(0);
  }

  /** Writes the packed refs of a series into the entry; returns where they end. */
  #refs(samples: LineSamples, series: number): number {
    const refs = samples.refs(series);
    if (this.#entry.length < refs.length * 5 + 64) {
      this.#entry = new Uint8Array(refs.length * 10 + 64);
    }
    const entry = this.#entry;
    // Three bytes of length are left free: refs take up to 2 MB.
    let at = 4;
    for (let k = 0; k < refs.length; k++) {
      const symbol = refs[k]!;
      let ref =
        this.#seen[symbol] === this.#request ? this.#local[symbol]! : this.#add(samples, symbol);
      while (ref > 127) {
        entry[at++] = (ref & 127) | 128;
        ref >>>= 7;
      }
      entry[at++] = ref;
    }
    const length = at - 4;
    entry[0] = 0x0a;
    entry[1] = (length & 127) | 128;
    entry[2] = ((length >>> 7) & 127) | 128;
    entry[3] = length >>> 14;
    return at;
  }

  #add(samples: LineSamples, symbol: number): number {
    if (symbol >= this.#seen.length) {
      const length = Math.max(symbol + 1, this.#seen.length * 2);
      const seen = new Uint32Array(length);
      const local = new Uint32Array(length);
      seen.set(this.#seen);
      local.set(this.#local);
      this.#seen = seen;
      this.#local = local;
    }
    const bytes = samples.symbolBytes(symbol);
    if (bytes.length === 0) return 0;
    this.#symbols.u8(0x22);
    writeVarint(this.#symbols, bytes.length);
    this.#symbols.raw(bytes);
    this.#seen[symbol] = this.#request;
    this.#local[symbol] = this.#count;
    return this.#count++;
  }

  #sample(refsEnd: number, value: DataView, time: number): void {
    const entry = this.#entry;
    let at = refsEnd;
    entry[at++] = 0x12;
    const lengthAt = at++;
    entry[at++] = 0x09;
    for (let k = 0; k < 8; k++) entry[at++] = value.getUint8(k);
    entry[at++] = 0x10;
    at = writeTime(entry, at, time);
    entry[lengthAt] = at - lengthAt - 1;
    this.#entries.u8(0x2a);
    writeVarint(this.#entries, at);
    this.#entries.raw(entry.subarray(0, at));
  }
}

function writeVarint(out: ByteWriter, value: number): void {
  let rest = value;
  while (rest > 127) {
    out.u8((rest & 127) | 128);
    rest >>>= 7;
  }
  out.u8(rest);
}

/** An int64 varint: a time before 1970 takes ten bytes. */
function writeTime(into: Uint8Array, start: number, time: number): number {
  let at = start;
  let low = time >>> 0;
  let high = Math.floor(time / 0x1_0000_0000);
  while (high !== 0 || low > 127) {
    if (at - start === 9) break;
    into[at++] = (low & 127) | 128;
    low = ((low >>> 7) | ((high & 127) << 25)) >>> 0;
    high = Math.floor(high / 128);
  }
  // The tenth byte of a negative number holds its last bit.
  into[at++] = at - start === 9 ? 1 : low & 127;
  return at;
}
