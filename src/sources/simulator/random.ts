import { utf8 } from '../../core/bytes.ts';
import { xxh32 } from '../../core/xxh32.ts';

/** Letters that Kubernetes uses for random suffixes (no vowels, no look-alikes). */
const suffixLetters = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * Random numbers from a seed (sfc32, Chris Doty-Humphrey, PractRand; public domain). The same
 * seed and calls give the same numbers on every machine.
 */
export class Random {
  readonly seed: number;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.seed = seed >>> 0;
    this.#a = this.seed | 0;
    this.#b = Math.imul(this.seed, 0x9e3779b1) | 0;
    this.#c = 0x5eed;
    for (let i = 0; i < 12; i++) this.word();
  }

  /** A stream of its own, so that one part's draws never move another's. */
  fork(label: string): Random {
    return new Random(xxh32(utf8(label), this.seed));
  }

  /** 32 random bits, as a signed integer. */
  word(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum;
  }

  /** [0, 1) */
  next(): number {
    return (this.word() >>> 0) * 2 ** -32;
  }

  /** [low, high) */
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** An integer of [0, count). */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** About normal: mean 0, deviation 1, never beyond 3.5 (sum of four uniform numbers). */
  gauss(): number {
    const sum = this.word() + this.word() + this.word() + this.word();
    return sum * (Math.sqrt(3) * 2 ** -32);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** A shuffled copy. */
  shuffle<T>(items: readonly T[]): T[] {
    const copy = [...items];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [copy[i], copy[j]] = [copy[j]!, copy[i]!];
    }
    return copy;
  }

  hex(digits: number): string {
    let text = '';
    while (text.length < digits) text += (this.word() >>> 0).toString(16).padStart(8, '0');
    return text.slice(0, digits);
  }

  uuid(): string {
    const h = this.hex(32);
    return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-a${h.slice(17, 20)}-${h.slice(20)}`;
  }

  /** A suffix as Kubernetes makes them: `x7k2p`. */
  suffix(length = 5): string {
    let text = '';
    for (let i = 0; i < length; i++) text += suffixLetters[this.below(suffixLetters.length)];
    return text;
  }
}
