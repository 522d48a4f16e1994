import { normalOf, randomOf } from '../../../src/models/series.test-kit.ts';
import type { Series, Span } from '../corpora.ts';

/** Made-up series with events: what a character says of itself, and how a series is drawn from it. */
export interface Chance {
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly noise: () => number;
  /** Whole number in [from, to]. */
  between(from: number, to: number): number;
}

/** What an event makes of the value of its row `k`, where the noise is of size `sigma`. */
export type Change = (value: number, sigma: number, k: number) => number;

export interface Character {
  readonly interval: number;
  readonly rows: (c: Chance) => number;
  /** Events of a series of so many rows. */
  readonly events: (c: Chance, rows: number) => number;
  /** Rows of an event at most. */
  readonly longest: number;
  /** Value of row i of so many at `time`, and the size of its noise. */
  readonly make: (
    c: Chance,
    rows: number,
  ) => (i: number, time: number) => readonly [value: number, sigma: number];
  /** Values are counts: never below zero, whole. */
  readonly counts?: boolean;
  /** Length of an event, and what it is, where the usual mixture does not fit. */
  readonly length?: (c: Chance) => number;
  readonly change?: (c: Chance, length: number) => Change;
  /** How often an event is followed by another one within the hour or so. */
  readonly follows?: number;
  /** Rows in which it becomes another series, for good: an event too. */
  readonly turn?: (rows: number) => Span;
  /** Rows from which on it is that of an heir: another pod of the same workload. */
  readonly heirs?: (rows: number) => readonly number[];
}

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;
const start = Date.UTC(2023, 2, 6);
export const wave = (time: number, period: number, phase = 0) =>
  Math.sin(2 * Math.PI * (time / period + phase));
export const isWeekend = (time: number) => new Date(time).getUTCDay() % 6 === 0;

export function poisson(mean: number, c: Chance): number {
  if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * c.noise()));
  let k = -1;
  for (let p = 1; p > Math.exp(-mean); k++) p *= c.random();
  return k;
}

/** Noise with a memory of about 1 / (1 - keep) rows, of size 1. */
export function coloured(c: Chance, keep: number): () => number {
  let x = 0;
  return () => {
    x = keep * x + Math.sqrt(1 - keep * keep) * c.noise();
    return x;
  };
}

/** Traffic of people: day, evening, week; noise grows with the level. */
export function traffic(c: Chance): (time: number) => readonly [number, number] {
  const [height, dip, phase] = [0.3 + 0.5 * c.random(), 0.5 + 0.5 * c.random(), c.random()];
  const [level, noisy] = [10 ** (1 + 4 * c.random()), 0.02 + 0.06 * c.random()];
  const drift = 0.2 * (c.random() - 0.3);
  const noise = coloured(c, 0.6);
  return (time) => {
    const round = 1 + height * wave(time, day, phase) + 0.15 * wave(time, day / 2, 2 * phase);
    const base =
      level * round * (isWeekend(time) ? dip : 1) * (1 + (drift * (time - start)) / (30 * day));
    return [base * (1 + noisy * noise()), base * noisy];
  };
}

type Kind = (size: number, length: number) => Change;
const kinds: Kind[] = [
  (size) => (v, sigma) => v + size * sigma,
  (size) => (v, sigma) => v - size * sigma,
  (size, length) => (v, sigma, k) => v + (size * sigma * (k + 1)) / length,
  (size) => (v, sigma, k) => v + (k % 2 === 0 ? size : -size) * sigma,
];

/** Four in ten are points of one or two rows, the others of all kinds and up to the longest. */
const usualLength = (c: Chance, longest: number): number =>
  c.random() < 0.4 ? c.between(1, 2) : c.between(3, Math.max(3, longest));

function usualChange(c: Chance, length: number): Change {
  const kind = kinds[length <= 2 ? c.between(0, 1) : c.between(0, 3)]!;
  return kind(5 + 10 * c.random(), length);
}

function spoil(
  character: Character,
  { values, sigmas }: { values: Float64Array; sigmas: Float64Array },
  c: Chance,
): Span[] {
  const n = values.length;
  const spans: Span[] = [];
  const count = character.events(c, n);
  const strike = (at: number, length: number) => {
    const change = character.change?.(c, length) ?? usualChange(c, length);
    for (let k = 0; k < length; k++) {
      const value = change(values[at + k]!, sigmas[at + k]!, k);
      values[at + k] = character.counts ? Math.max(0, Math.round(value)) : value;
    }
    spans.push([at, at + length - 1]);
  };
  const room = Math.floor((0.9 * n) / count);
  for (let e = 0; e < count; e++) {
    const length = character.length?.(c) ?? usualLength(c, character.longest);
    const at = Math.floor(0.1 * n) + e * room + c.between(0, Math.max(0, room - length - 25));
    strike(at, length);
    if (!character.follows || c.random() >= character.follows) continue;
    const next = at + length + c.between(4, 60);
    const again = character.length?.(c) ?? usualLength(c, character.longest);
    if (next + again < Math.floor(0.1 * n) + (e + 1) * room - 2) strike(next, again);
  }
  return spans;
}

function make(name: string, character: Character, seed: number): Series {
  const random = randomOf(seed);
  const c: Chance = {
    random,
    noise: normalOf(random),
    between: (from, to) => from + Math.floor((to - from + 1) * random()),
  };
  const n = character.rows(c);
  const of = character.make(c, n);
  const times = Float64Array.from({ length: n }, (_, i) => start + i * character.interval);
  const values = new Float64Array(n);
  const sigmas = new Float64Array(n);
  for (let i = 0; i < n; i++) [values[i], sigmas[i]] = of(i, times[i]!) as [number, number];
  const spans = spoil(character, { values, sigmas }, c);
  if (character.turn) spans.push(character.turn(n));
  return {
    name: `${name} ${seed}`,
    group: name,
    interval: character.interval,
    times,
    values,
    spans,
    points: [],
    heirs: character.heirs?.(n) ?? [],
  };
}

/** `each` series of each character; same seed, same series. */
export function drawn(
  characters: Readonly<Record<string, Character>>,
  each: number,
  seed: number,
): Series[] {
  return Object.entries(characters).flatMap(([name, character], k) =>
    Array.from({ length: each }, (_, i) => make(name, character, 1000 * (k + 1) + 17 * seed + i)),
  );
}
