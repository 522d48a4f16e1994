import { text } from '../../core/bytes.ts';
import type { WriteLimits } from '../../formats/remote-write/limits.ts';
import { type SampleColumns, SeriesReader } from '../../formats/remote-write/series-reader.ts';
import type { Scratch } from '../../formats/snappy/snappy.ts';
import type { Label } from '../processor.ts';
import type { SymbolTable } from './symbols.ts';

/** What a label's name says about it. */
const plain = 1;
const prometheus = 2;
const replica = 3;

/** Ticks after which every live series was sent once more, and fewer series than these are kept. */
const settleTicks = 120;
const keptMin = 65_536;

/** Whose samples a series carries: labels that tell the sender, as values. */
export interface SenderLabels {
  readonly prometheus: string;
  readonly replica: string;
}

/**
 * The series of one cluster as they are sent (with replica labels), and what is known of them:
 * which replica sends them and which slot they have. A derived cache: dropping it changes no
 * output.
 */
export class RawSeries {
  readonly #reader = new SeriesReader();
  readonly #replicaLabels: ReadonlySet<string>;
  #slots = new Int32Array(0);
  #generations = new Uint32Array(0);
  #replicas = new Int32Array(0);
  /**
   * By symbol of the reader: id + 1 in the symbols of the state, 0 unknown; and the name's role.
   */
  #ids = new Int32Array(0);
  #roles = new Uint8Array(0);
  #symbolGeneration = -1;
  readonly #vector: number[] = [];
  #ticks = 0;
  /** Series that were known when the cache had settled. */
  #settled = 0;

  constructor(replicaLabels: ReadonlySet<string>) {
    this.#replicaLabels = replicaLabels;
  }

  /** Decompress a request into this one, and `read` takes it without a copy. */
  get scratch(): Scratch {
    return this.#reader.scratch;
  }

  read(request: Uint8Array, limits: WriteLimits): SampleColumns {
    const columns = this.#reader.read(request, limits);
    if (this.#reader.count > this.#slots.length) this.#growSeries(this.#reader.count);
    if (this.#reader.symbolCount > this.#ids.length) this.#growSymbols(this.#reader.symbolCount);
    return columns;
  }

  /** Told once per tick; true when most of what is known is of series that are sent no more. */
  isWorn(): boolean {
    const { count } = this.#reader;
    if (++this.#ticks <= settleTicks) {
      this.#settled = count;
      return false;
    }
    return count > Math.max(keptMin, 3 * this.#settled);
  }

  /** Gives the memory back; not to be used afterwards. */
  release(): void {
    this.#reader.clear();
  }

  #growSeries(count: number): void {
    const length = Math.max(64, Math.ceil(count * 1.5));
    const old = this.#slots.length;
    this.#slots = larger(this.#slots, new Int32Array(length)).fill(-1, old);
    this.#replicas = larger(this.#replicas, new Int32Array(length)).fill(-1, old);
    this.#generations = larger(this.#generations, new Uint32Array(length));
  }

  #growSymbols(count: number): void {
    const length = Math.max(256, Math.ceil(count * 1.5));
    this.#ids = larger(this.#ids, new Int32Array(length));
    this.#roles = larger(this.#roles, new Uint8Array(length));
  }

  /** Metric type of its 2.0 metadata, 0 when unknown. */
  metricType(series: number): number {
    return this.#reader.metricType(series);
  }

  labels(series: number): readonly Label[] {
    return this.#reader.labels(series);
  }

  /**
   * The label set as a vector of symbol ids, without replica labels and empty values, by the id of
   * the name. Undefined when a symbol is not there and `intern` is false. Valid until the next
   * call.
   */
  vector(series: number, symbols: SymbolTable, intern: boolean): readonly number[] | undefined {
    if (symbols.generation !== this.#symbolGeneration) {
      this.#ids.fill(0);
      this.#symbolGeneration = symbols.generation;
    }
    const sent = this.#reader.symbolsOf(series);
    const vector = this.#vector;
    vector.length = 0;
    for (let k = 0; k < sent.length; k += 2) {
      if (this.#role(sent[k]!) === replica) continue;
      if (this.#reader.symbolBytes(sent[k + 1]!).length === 0) continue;
      const name = this.#id(sent[k]!, symbols, intern);
      const value = this.#id(sent[k + 1]!, symbols, intern);
      if (name < 0 || value < 0) return undefined;
      insertPair(vector, name, value);
    }
    return vector;
  }

  #id(symbol: number, symbols: SymbolTable, intern: boolean): number {
    const known = this.#ids[symbol]! - 1;
    if (known >= 0) return known;
    const bytes = this.#reader.symbolBytes(symbol);
    const id = intern ? symbols.intern(bytes) : symbols.find(bytes);
    this.#ids[symbol] = id + 1;
    return id;
  }

  #role(symbol: number): number {
    if (this.#roles[symbol] === 0) {
      const name = text(this.#reader.symbolBytes(symbol));
      this.#roles[symbol] =
        name === 'prometheus' ? prometheus : this.#replicaLabels.has(name) ? replica : plain;
    }
    return this.#roles[symbol]!;
  }

  /** The labels that tell who sends the series. */
  sender(series: number): SenderLabels {
    const found = { prometheus: '', replica: '' };
    const sent = this.#reader.symbolsOf(series);
    for (let k = 0; k < sent.length; k += 2) {
      const role = this.#role(sent[k]!);
      if (role === plain) continue;
      const value = text(this.#reader.symbolBytes(sent[k + 1]!));
      if (role === prometheus) found.prometheus = value;
      else found.replica += found.replica === '' ? value : `/${value}`;
    }
    return found;
  }

  /** The slot, or -1 when it is not known or was given back since. */
  slot(series: number, generations: Uint32Array): number {
    const slot = this.#slots[series]!;
    return slot >= 0 && generations[slot] === this.#generations[series] ? slot : -1;
  }

  setSlot(series: number, slot: number, generation: number): void {
    this.#slots[series] = slot;
    this.#generations[series] = generation;
  }

  /** Index of the replica that sends it, -1 until learnt. */
  replica(series: number): number {
    return this.#replicas[series]!;
  }

  setReplica(series: number, index: number): void {
    this.#replicas[series] = index;
  }
}

/** Keeps the pairs of a short vector in order of their names. */
function insertPair(vector: number[], name: number, value: number): void {
  let at = vector.length;
  vector.push(name, value);
  for (; at > 0 && vector[at - 2]! > name; at -= 2) {
    vector[at] = vector[at - 2]!;
    vector[at + 1] = vector[at - 1]!;
  }
  vector[at] = name;
  vector[at + 1] = value;
}

function larger<T extends Int32Array | Uint32Array | Uint8Array>(from: T, into: T): T {
  into.set(from);
  return into;
}
