import type { Batch, Extra } from '../scrape/batch.ts';
import type { SeriesTable } from '../scrape/series-table.ts';
import { Symbols } from '../scrape/symbols.ts';
import { ProtoWriter, putVarint, varintLength } from './bytes.ts';
import type { BodyEncoder, EncodedBody, EncoderOptions } from './encoder.ts';
import { putSampleHole, sampleSize, type Template, TemplateCache } from './template.ts';

const traceLabel = Buffer.from('trace_id');

/** prometheus.WriteRequest: all labels as text beside each sample. */
export class EncoderV1 implements BodyEncoder {
  dropped = 0;
  readonly #table: SeriesTable;
  readonly #replicaSymbol: number;
  readonly #cache: TemplateCache<Template>;
  readonly #out = new ProtoWriter();

  constructor({ table, replica, templatesMax }: EncoderOptions) {
    this.#table = table;
    this.#replicaSymbol = table.symbols.use(replica);
    this.#cache = new TemplateCache(templatesMax);
  }

  encode(batch: Batch): EncodedBody {
    const template = this.#cache.filled(batch, this.#table, (each) => this.#build(each));
    const extras = batch.extras.filter((extra) => this.#canCarry(extra));
    this.dropped += batch.extras.length - extras.length;
    const histograms = extras.filter(({ kind }) => kind === 'histogram').length;
    return {
      bytes: extras.length === 0 ? template.bytes : this.#withExtras(template.bytes, extras),
      samples: batch.count,
      histograms,
      exemplars: extras.length - histograms,
    };
  }

  /** As Prometheus: histograms with custom buckets do not go over protocol 1. */
  #canCarry({ kind, slot }: Extra): boolean {
    if (kind !== 'histogram') return true;
    return !this.#table.families.all[this.#table.family[slot]!]!.isCustom;
  }

  #build(batch: Batch): Template {
    const count = batch.count;
    const out = this.#out.clear();
    const valueAt = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      const slot = batch.slots[i]!;
      const size = this.#labelsSize(slot);
      out.byte(0x0a).varint(size + sampleSize);
      this.#labels(slot, size, out);
      out.room(sampleSize);
      valueAt[i] = putSampleHole(out.bytes, out.length);
      out.length += sampleSize;
    }
    const bytes = out.written.slice();
    const slots = batch.slots.slice(0, count);
    return { slots, valueAt, bytes, view: new DataView(bytes.buffer), births: this.#table.births };
  }

  #labelsSize(slot: number): number {
    const { refs, refsAt, refsCount, symbols } = this.#table;
    const at = refsAt[slot]!;
    let size = 0;
    for (let i = at; i < at + refsCount[slot]!; i += 2) {
      const label = labelSize(symbols.length(refs[i]!), symbols.length(this.#own(refs[i + 1]!)));
      size += 1 + varintLength(label) + label;
    }
    return size;
  }

  #own(symbol: number): number {
    return symbol === Symbols.replica ? this.#replicaSymbol : symbol;
  }

  #labels(slot: number, size: number, out: ProtoWriter): void {
    const { refs, refsAt, refsCount, symbols } = this.#table;
    out.room(size);
    const { bytes } = out;
    let to = out.length;
    const at = refsAt[slot]!;
    for (let i = at; i < at + refsCount[slot]!; i += 2) {
      const name = refs[i]!;
      const value = this.#own(refs[i + 1]!);
      const nameLength = symbols.length(name);
      const valueLength = symbols.length(value);
      bytes[to++] = 0x0a;
      to = putVarint(bytes, to, labelSize(nameLength, valueLength));
      bytes[to++] = 0x0a;
      to = putVarint(bytes, to, nameLength);
      to = symbols.copy(name, bytes, to);
      bytes[to++] = 0x12;
      to = putVarint(bytes, to, valueLength);
      to = symbols.copy(value, bytes, to);
    }
    out.length = to;
  }

  #withExtras(body: Uint8Array, extras: readonly Extra[]): Uint8Array {
    const out = this.#out.clear();
    out.raw(body);
    const message = new ProtoWriter();
    for (const extra of extras) {
      message.clear();
      this.#labels(extra.slot, this.#labelsSize(extra.slot), message);
      if (extra.kind === 'histogram') message.field(0x22, extra.message);
      else {
        const label = new ProtoWriter().field(0x0a, traceLabel);
        label.field(0x12, Buffer.from(extra.traceId));
        const exemplar = new ProtoWriter().field(0x0a, label.written);
        exemplar.byte(0x11).double(extra.value).byte(0x18).varint(extra.timeMs);
        message.field(0x1a, exemplar.written);
      }
      out.field(0x0a, message.written);
    }
    return out.written;
  }
}

function labelSize(nameLength: number, valueLength: number): number {
  return 2 + varintLength(nameLength) + nameLength + varintLength(valueLength) + valueLength;
}
