import type { Batch, Extra } from '../scrape/batch.ts';
import type { SeriesTable } from '../scrape/series-table.ts';
import { Symbols } from '../scrape/symbols.ts';
import { ProtoWriter, putVarint, varintLength } from './bytes.ts';
import type { BodyEncoder, EncodedBody, EncoderOptions } from './encoder.ts';
import { putSampleHole, sampleSize, type Template, TemplateCache } from './template.ts';

interface TemplateV2 extends Template {
  /** Where the symbols at the head end. */
  readonly symbolsEnd: number;
  /** The table's symbols in the order in which the request numbers them. */
  readonly symbols: Uint32Array;
}

/** io.prometheus.write.v2.Request: symbols first, then one entry per sample. */
export class EncoderV2 implements BodyEncoder {
  readonly dropped = 0;
  readonly #table: SeriesTable;
  readonly #metadata: boolean;
  readonly #replicaSymbol: number;
  readonly #cache: TemplateCache<TemplateV2>;
  /** Symbols that were added since the last `#begin`, as fields. */
  readonly #fields = new ProtoWriter();
  readonly #out = new ProtoWriter();
  readonly #refs = new Uint8Array(5 * 256);
  /** Number in the request of each of the table's symbols; valid where the stamp is this one. */
  #numbers = new Uint32Array(0);
  #stamps = new Uint32Array(0);
  #stamp = 0;
  /** The table's symbols by number in the request. */
  #used = new Uint32Array(0);
  #count = 0;

  constructor({ table, replica, metadata, templatesMax }: EncoderOptions) {
    this.#table = table;
    this.#metadata = metadata;
    this.#replicaSymbol = table.symbols.use(replica);
    this.#cache = new TemplateCache(templatesMax);
  }

  encode(batch: Batch): EncodedBody {
    const template = this.#cache.filled(batch, this.#table, (each) => this.#build(each));
    const histograms = batch.extras.filter(({ kind }) => kind === 'histogram').length;
    return {
      bytes: batch.extras.length === 0 ? template.bytes : this.#withExtras(template, batch.extras),
      samples: batch.count,
      histograms,
      exemplars: batch.extras.length - histograms,
    };
  }

  #build(batch: Batch): TemplateV2 {
    const count = batch.count;
    this.#begin();
    this.#number(Symbols.empty);
    const out = this.#out.clear();
    const valueAt = new Uint32Array(count);
    for (let i = 0; i < count; i++) valueAt[i] = this.#entry(batch.slots[i]!, out);
    const symbolsEnd = this.#fields.length;
    const bytes = new Uint8Array(symbolsEnd + out.length);
    bytes.set(this.#fields.written);
    bytes.set(out.written, symbolsEnd);
    for (let i = 0; i < count; i++) valueAt[i] = valueAt[i]! + symbolsEnd;
    return {
      slots: batch.slots.slice(0, count),
      valueAt,
      bytes,
      view: new DataView(bytes.buffer),
      births: this.#table.births,
      symbolsEnd,
      symbols: this.#used.slice(0, this.#count),
    };
  }

  /** Begins to number symbols, from those of a template on. */
  #begin(known?: Uint32Array): void {
    const bound = this.#table.symbols.bound;
    if (bound > this.#numbers.length) {
      this.#numbers = new Uint32Array(bound * 2);
      this.#stamps = new Uint32Array(bound * 2);
      this.#used = new Uint32Array(bound * 2);
    }
    this.#stamp++;
    this.#fields.clear();
    this.#count = known?.length ?? 0;
    if (!known) return;
    for (let i = 0; i < known.length; i++) {
      this.#stamps[known[i]!] = this.#stamp;
      this.#numbers[known[i]!] = i;
    }
  }

  /** Number in this request of a symbol of the table. */
  #number(symbol: number): number {
    const id = symbol === Symbols.replica ? this.#replicaSymbol : symbol;
    if (this.#stamps[id] === this.#stamp) return this.#numbers[id]!;
    const { symbols } = this.#table;
    const length = symbols.length(id);
    const fields = this.#fields.byte(0x22).varint(length);
    fields.room(length);
    fields.length = symbols.copy(id, fields.bytes, fields.length);
    this.#stamps[id] = this.#stamp;
    this.#numbers[id] = this.#count;
    this.#used[this.#count] = id;
    return this.#count++;
  }

  /** Puts the labels of a slot into `#refs`; returns their length. */
  #labels(slot: number): number {
    const { refs, refsAt, refsCount } = this.#table;
    const out = this.#refs;
    const at = refsAt[slot]!;
    const end = at + refsCount[slot]!;
    let to = 0;
    for (let i = at; i < end; i++) to = putVarint(out, to, this.#number(refs[i]!));
    return to;
  }

  /** Writes one entry with a hole; returns where in `out` its value goes. */
  #entry(slot: number, out: ProtoWriter): number {
    const length = this.#labels(slot);
    const type = this.#typeOf(slot);
    const help = type > 0 ? this.#number(this.#helpOf(slot)) : 0;
    const metadataSize = type > 0 ? 5 + varintLength(help) : 0;
    out.byte(0x2a).varint(1 + varintLength(length) + length + sampleSize + metadataSize);
    out.byte(0x0a).varint(length);
    out.room(length + sampleSize + 16);
    const { bytes } = out;
    const refs = this.#refs;
    let at = out.length;
    for (let i = 0; i < length; i++) bytes[at++] = refs[i]!;
    const valueAt = putSampleHole(bytes, at);
    out.length = at + sampleSize;
    if (type > 0) this.#putMetadata(out, type, help);
    return valueAt;
  }

  /** Type of a slot's family as on the wire; 0 where no metadata is sent. */
  #typeOf(slot: number): number {
    if (!this.#metadata) return 0;
    const { typeNumber, helpSymbol } = this.#table.families.all[this.#table.family[slot]!]!;
    // What Prometheus makes itself, such as `up`, has no metadata.
    return helpSymbol === Symbols.empty ? 0 : typeNumber;
  }

  #helpOf(slot: number): number {
    return this.#table.families.all[this.#table.family[slot]!]!.helpSymbol;
  }

  #putMetadata(out: ProtoWriter, type: number, help: number): void {
    out
      .byte(0x2a)
      .byte(3 + varintLength(help))
      .byte(0x08)
      .byte(type)
      .byte(0x18)
      .varint(help);
  }

  /** The prepared body with histograms and exemplars, and the symbols that only they need. */
  #withExtras({ bytes, symbolsEnd, symbols }: TemplateV2, extras: readonly Extra[]): Uint8Array {
    this.#begin(symbols);
    const entries = new ProtoWriter();
    const message = new ProtoWriter();
    let traceName = -1;
    for (const extra of extras) {
      const length = this.#labels(extra.slot);
      message.clear().byte(0x0a).varint(length).raw(this.#refs.subarray(0, length));
      if (extra.kind === 'histogram') message.field(0x1a, extra.message);
      else {
        if (traceName < 0) traceName = this.#addText('trace_id');
        const refs = new ProtoWriter().varint(traceName).varint(this.#addText(extra.traceId));
        const exemplar = new ProtoWriter().field(0x0a, refs.written);
        exemplar.byte(0x11).double(extra.value).byte(0x18).varint(extra.timeMs);
        message.field(0x22, exemplar.written);
      }
      const type = this.#typeOf(extra.slot);
      if (type > 0) this.#putMetadata(message, type, this.#number(this.#helpOf(extra.slot)));
      entries.field(0x2a, message.written);
    }
    const out = this.#out.clear();
    out.raw(bytes.subarray(0, symbolsEnd)).raw(this.#fields.written);
    return out.raw(bytes.subarray(symbolsEnd)).raw(entries.written).written;
  }

  /** A symbol that is not in the table. */
  #addText(text: string): number {
    this.#fields.field(0x22, Buffer.from(text));
    return this.#count++;
  }
}
