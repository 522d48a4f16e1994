import type { ByteReader, ByteWriter } from '../../core/bytes.ts';
import type { Matcher } from '../../core/matchers.ts';
import { Columns } from '../columns.ts';
import type { Label } from '../processor.ts';
import { SymbolTable } from './symbols.ts';

const spec = { start: 'u32', pairs: 'u16', hash: 'i32' } as const;

/**
 * Which label set of which cluster has which slot. A label set is a vector of symbol ids (name,
 * value, name, value ... by the id of the name) in one array; the index compares whole vectors.
 * Slots are given back and reused, first the one freed last.
 */
export class Identity {
  readonly symbols: SymbolTable = new SymbolTable();
  readonly #columns = new Columns({ ...spec, cluster: 'i32' });
  #refs = new Int32Array(4096);
  #refsUsed = 0;
  #refsDead = 0;
  #count = 0;
  #free: number[] = [];
  #live = 0;
  /** slot + 1 by hash, 0 where free, -1 where one was removed. */
  #index = new Int32Array(1024);
  #indexUsed = 0;

  /** Slots ever given out. */
  get count(): number {
    return this.#count;
  }

  /** Slots in use. */
  get live(): number {
    return this.#live;
  }

  cluster(slot: number): number {
    return this.#columns.arrays.cluster[slot]!;
  }

  /** Sorted by name. */
  labels(slot: number): Label[] {
    const { start, pairs } = this.#columns.arrays;
    const labels: Label[] = [];
    let at = start[slot]!;
    for (let left = pairs[slot]!; left > 0; left--) {
      labels.push([this.symbols.text(this.#refs[at++]!), this.symbols.text(this.#refs[at++]!)]);
    }
    return labels.sort(([a], [b]) => (a < b ? -1 : 1));
  }

  label(slot: number, name: string): string {
    const id = this.symbols.lookup(name);
    if (id < 0) return '';
    const { start, pairs } = this.#columns.arrays;
    let at = start[slot]!;
    for (let left = pairs[slot]!; left > 0; left--, at += 2) {
      if (this.#refs[at] === id) return this.symbols.text(this.#refs[at + 1]!);
    }
    return '';
  }

  /**
   * Whether a slot in use satisfies the matchers, by ids of symbols: for many slots, and until the
   * next change. Undefined when none can.
   */
  tester(matchers: readonly Matcher[]): ((slot: number) => boolean) | undefined {
    const { start, pairs } = this.#columns.arrays;
    const refs = this.#refs;
    const tests: ((slot: number) => boolean)[] = [];
    for (const matcher of matchers) {
      const name = this.symbols.lookup(matcher.name);
      const isAbsentGood = matcher.test('');
      // Values are never empty.
      const test = name < 0 ? undefined : this.#valueTest(matcher);
      if (!test && !isAbsentGood) return undefined;
      if (name < 0) continue;
      tests.push((slot) => {
        for (let at = start[slot]!, end = at + 2 * pairs[slot]!; at < end; at += 2) {
          if (refs[at] === name) return test?.(refs[at + 1]!) ?? false;
        }
        return isAbsentGood;
      });
    }
    return (slot) => tests.every((test) => test(slot));
  }

  /** Whether the value of that id satisfies a matcher; undefined when none does. */
  #valueTest({ op, value, test }: Matcher): ((id: number) => boolean) | undefined {
    if (op === '=') {
      const wanted = value === '' ? -1 : this.symbols.lookup(value);
      return wanted < 0 ? undefined : (id) => id === wanted;
    }
    /** By id: 0 unknown, 1 good, 2 bad. */
    const known = new Uint8Array(this.symbols.count);
    return (id) => {
      if (known[id] === 0) known[id] = test(this.symbols.text(id)) ? 1 : 2;
      return known[id] === 1;
    };
  }

  /** Slot of a label set, or -1. */
  find(cluster: number, vector: readonly number[]): number {
    const hash = hashOf(cluster, vector);
    const mask = this.#index.length - 1;
    for (let at = hash & mask; this.#index[at] !== 0; at = (at + 1) & mask) {
      const slot = this.#index[at]! - 1;
      if (slot >= 0 && this.#equals(slot, cluster, hash, vector)) return slot;
    }
    return -1;
  }

  #equals(slot: number, cluster: number, hash: number, vector: readonly number[]): boolean {
    const columns = this.#columns.arrays;
    if (columns.hash[slot] !== hash || columns.cluster[slot] !== cluster) return false;
    if (columns.pairs[slot]! * 2 !== vector.length) return false;
    const start = columns.start[slot]!;
    for (let i = 0; i < vector.length; i++) if (this.#refs[start + i] !== vector[i]) return false;
    return true;
  }

  /** Gives a slot to a label set that has none. */
  add(cluster: number, vector: readonly number[]): number {
    const slot = this.#free.pop() ?? this.#count++;
    this.#columns.reserve(this.#count);
    this.#live++;
    const columns = this.#columns.arrays;
    columns.start[slot] = this.#refsUsed;
    columns.pairs[slot] = vector.length / 2;
    columns.cluster[slot] = cluster;
    columns.hash[slot] = hashOf(cluster, vector);
    this.#push(vector);
    this.#indexUsed++;
    if (this.#indexUsed * 2 > this.#index.length) this.#rebuild();
    else this.#place(slot);
    return slot;
  }

  #push(vector: readonly number[]): void {
    const end = this.#refsUsed + vector.length;
    if (end > this.#refs.length) {
      const bigger = new Int32Array(Math.max(end, Math.ceil(this.#refs.length * 1.5)));
      bigger.set(this.#refs);
      this.#refs = bigger;
    }
    this.#refs.set(vector, this.#refsUsed);
    this.#refsUsed = end;
  }

  /** Gives a slot back. */
  remove(slot: number): void {
    const columns = this.#columns.arrays;
    const mask = this.#index.length - 1;
    let at = columns.hash[slot]! & mask;
    while (this.#index[at] !== slot + 1) at = (at + 1) & mask;
    this.#index[at] = -1;
    this.#refsDead += columns.pairs[slot]! * 2;
    columns.pairs[slot] = 0;
    columns.cluster[slot] = -1;
    this.#live--;
    this.#free.push(slot);
  }

  /** Drops dead label sets and symbols when they outweigh the living; by state alone. */
  compactIfWorthwhile(): void {
    if (this.#refsDead < 65_536 || this.#refsDead * 2 < this.#refsUsed) return;
    const { start, pairs, cluster } = this.#columns.arrays;
    const used = new Uint8Array(this.symbols.count);
    this.#eachRef((ref) => {
      used[ref] = 1;
    });
    const renamed = this.symbols.compact(used);
    const refs = new Int32Array(this.#refsUsed - this.#refsDead);
    let to = 0;
    for (let slot = 0; slot < this.#count; slot++) {
      if (cluster[slot]! < 0) continue;
      const from = start[slot]!;
      start[slot] = to;
      for (let k = 0; k < pairs[slot]! * 2; k++) refs[to++] = renamed[this.#refs[from + k]!]!;
    }
    this.#refs = refs;
    this.#refsUsed = to;
    this.#refsDead = 0;
    this.#rehash();
  }

  #eachRef(visit: (ref: number) => void): void {
    const { start, pairs } = this.#columns.arrays;
    for (let slot = 0; slot < this.#count; slot++) {
      const from = start[slot]!;
      for (let k = 0; k < pairs[slot]! * 2; k++) visit(this.#refs[from + k]!);
    }
  }

  /** Hashes are of symbol ids, so they change when those are renamed. */
  #rehash(): void {
    const { start, pairs, cluster, hash } = this.#columns.arrays;
    for (let slot = 0; slot < this.#count; slot++) {
      if (cluster[slot]! < 0) continue;
      const from = start[slot]!;
      hash[slot] = hashOf(cluster[slot]!, this.#refs.subarray(from, from + pairs[slot]! * 2));
    }
    this.#rebuild();
  }

  #place(slot: number): void {
    const mask = this.#index.length - 1;
    let at = this.#columns.arrays.hash[slot]! & mask;
    while (this.#index[at]! !== 0) at = (at + 1) & mask;
    this.#index[at] = slot + 1;
  }

  #rebuild(): void {
    let size = 1024;
    while (size < this.#live * 4) size *= 2;
    this.#index = new Int32Array(size);
    this.#indexUsed = this.#live;
    const { cluster } = this.#columns.arrays;
    for (let slot = 0; slot < this.#count; slot++) if (cluster[slot]! >= 0) this.#place(slot);
  }

  /** Takes over the label sets of clusters that moved; returns the new slots by the old ones. */
  absorb(from: Identity, clusters: Int32Array): Int32Array {
    const slots = new Int32Array(from.#count).fill(-1);
    const ids = new Int32Array(from.symbols.count).fill(-1);
    const { start, pairs, cluster } = from.#columns.arrays;
    for (let slot = 0; slot < from.#count; slot++) {
      const to = cluster[slot]! < 0 ? -1 : clusters[cluster[slot]!]!;
      if (to < 0) continue;
      const vector: number[] = [];
      for (let k = 0; k < pairs[slot]! * 2; k++) {
        const ref = from.#refs[start[slot]! + k]!;
        if (ids[ref]! < 0) ids[ref] = this.symbols.intern(from.symbols.bytes(ref));
        vector.push(ids[ref]!);
      }
      slots[slot] = this.add(to, byName(vector));
    }
    return slots;
  }

  save(out: ByteWriter): void {
    this.symbols.save(out);
    out.bytes(new Uint8Array(this.#refs.buffer, 0, this.#refsUsed * 4));
    out.u32(this.#refsDead).u32(this.#count).u32(this.#free.length);
    for (const slot of this.#free) out.u32(slot);
    this.#columns.save(out, this.#count);
  }

  load(input: ByteReader): void {
    this.symbols.load(input);
    const refs = input.bytes();
    this.#refs = new Int32Array(Math.max(4096, refs.length / 4));
    new Uint8Array(this.#refs.buffer).set(refs);
    this.#refsUsed = refs.length / 4;
    this.#refsDead = input.u32();
    this.#count = input.u32();
    this.#free = Array.from({ length: input.u32() }, () => input.u32());
    this.#live = this.#count - this.#free.length;
    this.#columns.load(input);
    this.#rebuild();
  }
}

/** Label sets stand by the id of the name, and ids differ between states. */
function byName(vector: readonly number[]): number[] {
  const names = vector.filter((_, k) => k % 2 === 0);
  const value = new Map(names.map((name, i) => [name, vector[2 * i + 1]!]));
  return names.sort((a, b) => a - b).flatMap((name) => [name, value.get(name)!]);
}

function hashOf(cluster: number, ids: ArrayLike<number>): number {
  let hash = Math.imul(cluster + 1, 0x9e3779b1);
  for (let i = 0; i < ids.length; i++) {
    hash = Math.imul(hash ^ ids[i]!, 0x85ebca6b);
    hash ^= hash >>> 15;
  }
  return hash & 0x7fffffff;
}
