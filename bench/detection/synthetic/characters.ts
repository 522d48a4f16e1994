import { normalOf, randomOf } from '../../../src/models/testing.ts';
import type { Series, Span } from '../corpora.ts';

/**
 * Series of the characters of public sets that are not here (hourly business metrics, KPIs by the
 * minute, daily rows, short series, cycles without a clock). Events lie anywhere from a tenth of the
 * series on and differ in kind, size and length. Same seed, same series: seed 1 is there to look at,
 * another one to judge by.
 */
interface Chance {
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly noise: () => number;
  /** Whole number in [from, to]. */
  between(from: number, to: number): number;
}

interface Character {
  readonly interval: number;
  readonly rows: (c: Chance) => number;
  /** Events of a series of so many rows. */
  readonly events: (c: Chance, rows: number) => number;
  /** Rows of an event at most. */
  readonly longest: number;
  /** Value of row i at `time`, and the size of its noise. */
  readonly make: (
    c: Chance,
  ) => (i: number, time: number) => readonly [value: number, sigma: number];
  /** Values are counts: never below zero, whole. */
  readonly counts?: boolean;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const start = Date.UTC(2023, 2, 6);
const wave = (time: number, period: number, phase = 0) =>
  Math.sin(2 * Math.PI * (time / period + phase));
const isWeekend = (time: number) => new Date(time).getUTCDay() % 6 === 0;

function poisson(mean: number, c: Chance): number {
  if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * c.noise()));
  let k = -1;
  for (let p = 1; p > Math.exp(-mean); k++) p *= c.random();
  return k;
}

/** Noise with a memory of about 1 / (1 - keep) rows, of size 1. */
function coloured(c: Chance, keep: number): () => number {
  let x = 0;
  return () => {
    x = keep * x + Math.sqrt(1 - keep * keep) * c.noise();
    return x;
  };
}

/** Traffic of people: day, evening, week; noise grows with the level. */
function traffic(c: Chance): (time: number) => readonly [number, number] {
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

const characters: Record<string, Character> = {
  'hourly traffic': {
    interval: hour,
    rows: () => 1440,
    events: (c) => c.between(2, 6),
    longest: 12,
    make: (c) => {
      const of = traffic(c);
      return (_, time) => of(time);
    },
  },
  'minute KPI': {
    interval: minute,
    rows: () => 20 * 1440,
    events: (c) => c.between(6, 14),
    longest: 60,
    make: (c) => {
      const of = traffic(c);
      return (_, time) => of(time);
    },
  },
  'daily business': {
    interval: day,
    rows: (c) => c.between(365, 1000),
    events: (c) => c.between(3, 8),
    longest: 5,
    make: (c) => {
      const week = Array.from({ length: 7 }, (_, d) => (d < 5 ? 1 : 0.4 + 0.4 * c.random()));
      const [growth, year] = [0.6 * (c.random() - 0.3), 0.2 * c.random()];
      return (i, time) => {
        const slow = 1 + (growth * i) / 365 + year * wave(time, 365 * day);
        const base = 1000 * slow * week[(i + 3) % 7]!;
        return [base * (1 + 0.04 * c.noise()), 0.04 * base];
      };
    },
  },
  'steps of releases': {
    interval: 5 * minute,
    rows: () => 14 * 288,
    events: (c) => c.between(3, 6),
    longest: 24,
    make: (c) => {
      let level = 50;
      const noise = coloured(c, 0.3);
      return (i) => {
        if (i > 0 && c.random() < 1 / 800) level = Math.max(10, level + 8 * c.noise());
        return [level + noise(), 1];
      };
    },
  },
  'few counts': {
    interval: 5 * minute,
    rows: () => 14 * 288,
    events: (c) => c.between(3, 6),
    longest: 12,
    counts: true,
    make: (c) => {
      const mean = 10 ** (-1.5 + 2 * c.random());
      return () => [poisson(mean, c), Math.sqrt(mean) + 0.7];
    },
  },
  'changing noise': {
    interval: minute,
    rows: () => 7 * 1440,
    events: (c) => c.between(4, 8),
    longest: 20,
    make: (c) => {
      const slow = coloured(c, 0.998);
      return (_, time) => {
        const sigma = Math.exp(0.7 * slow()) * (1 + 0.5 * wave(time, day));
        return [100 + sigma * c.noise(), sigma];
      };
    },
  },
  'short, 5 min': {
    interval: 5 * minute,
    rows: (c) => c.between(200, 1000),
    events: (c) => c.between(1, 3),
    longest: 15,
    make: (c) => {
      const noise = coloured(c, 0.9 * c.random());
      const height = 6 * c.random();
      return (_, time) => [40 + height * wave(time, day) + noise(), 1];
    },
  },
  'short, 1 min': {
    interval: minute,
    rows: (c) => c.between(200, 1000),
    events: (c) => c.between(1, 3),
    longest: 15,
    make: (c) => {
      const noise = coloured(c, 0.9 * c.random());
      return () => [10 + noise(), 1];
    },
  },
  'short, hourly': {
    interval: hour,
    rows: (c) => c.between(200, 1000),
    events: (c) => c.between(1, 4),
    longest: 8,
    make: (c) => {
      const of = traffic(c);
      return (_, time) => of(time);
    },
  },
  'cycles without a clock': {
    interval: minute,
    rows: () => 6000,
    events: (c) => c.between(2, 4),
    longest: 60,
    make: (c) => {
      const period = c.between(30, 150) * minute;
      return (_, time) => {
        const p = wave(time, period);
        return [20 * p + 8 * wave(time, period / 3) + c.noise(), 3];
      };
    },
  },
  'spikes of jobs': {
    interval: minute,
    rows: () => 10 * 1440,
    events: (c) => c.between(3, 6),
    longest: 30,
    make: (c) => {
      const every = [30, 60, 360][c.between(0, 2)]!;
      const height = 10 + 30 * c.random();
      return (i) => {
        const at = i % every < 3 ? height * (0.8 + 0.4 * c.random()) : 0;
        return [20 + at + c.noise(), 0.2 * height];
      };
    },
  },
  'flat with blips': {
    interval: minute,
    rows: () => 7 * 1440,
    events: (c) => c.between(2, 5),
    longest: 10,
    make: (c) => () => [5 + (c.random() < 0.002 ? 1 : 0), 1],
  },
  utilisation: {
    interval: 5 * minute,
    rows: () => 14 * 288,
    events: (c) => c.between(2, 5),
    longest: 36,
    make: (c) => {
      const noise = coloured(c, 0.8);
      return (_, time) => {
        const v = 35 + 25 * wave(time, day) + 4 * noise();
        return [Math.max(0, Math.min(100, v)), 4];
      };
    },
  },
};

/** What an event makes of a value: `k` of `length` rows, `size` in noises. */
const kinds: ((v: number, sigma: number, size: number, k: number, length: number) => number)[] = [
  (v, sigma, size) => v + size * sigma,
  (v, sigma, size) => v - size * sigma,
  (v, sigma, size, k, length) => v + (size * sigma * (k + 1)) / length,
  (v, sigma, size, k) => v + (k % 2 === 0 ? size : -size) * sigma,
];

function spoil(
  character: Character,
  made: { values: Float64Array; sigmas: Float64Array },
  c: Chance,
): Span[] {
  const { values, sigmas } = made;
  const n = values.length;
  const spans: Span[] = [];
  const count = character.events(c, n);
  for (let e = 0; e < count; e++) {
    const room = Math.floor((0.9 * n) / count);
    const isPoint = c.random() < 0.4;
    const length = isPoint ? c.between(1, 2) : c.between(3, Math.max(3, character.longest));
    const at = Math.floor(0.1 * n) + e * room + c.between(0, Math.max(0, room - length - 25));
    const [kind, size] = [kinds[isPoint ? c.between(0, 1) : c.between(0, 3)]!, 5 + 10 * c.random()];
    for (let k = 0; k < length; k++) {
      const value = kind(values[at + k]!, sigmas[at + k]!, size, k, length);
      values[at + k] = character.counts ? Math.max(0, Math.round(value)) : value;
    }
    spans.push([at, at + length - 1]);
  }
  return spans;
}

function make(name: string, seed: number): Series {
  const character = characters[name]!;
  const random = randomOf(seed);
  const c: Chance = {
    random,
    noise: normalOf(random),
    between: (from, to) => from + Math.floor((to - from + 1) * random()),
  };
  const n = character.rows(c);
  const of = character.make(c);
  const times = Float64Array.from({ length: n }, (_, i) => start + i * character.interval);
  const values = new Float64Array(n);
  const sigmas = new Float64Array(n);
  for (let i = 0; i < n; i++) [values[i], sigmas[i]] = of(i, times[i]!) as [number, number];
  const spans = spoil(character, { values, sigmas }, c);
  return {
    name: `${name} ${seed}`,
    group: name,
    interval: character.interval,
    times,
    values,
    spans,
    points: [],
  };
}

export const characterNames = Object.keys(characters);

/** `each` series of each character. */
export function heldOut(each = 10, seed = 1): Series[] {
  return characterNames.flatMap((name, k) =>
    Array.from({ length: each }, (_, i) => make(name, 1000 * (k + 1) + 17 * seed + i)),
  );
}
