import { normalOf, randomOf } from '../../../src/models/series.test-kit.ts';
import type { Series, Span } from '../corpora.ts';

/**
 * Series made up to guard against fitting the public corpora: shapes that operations data has, at
 * intervals of 10 s to a day, with anomalies of known kind in the second half. Same seed, same
 * series.
 */
const dayMs = 86_400_000;
const start = Date.UTC(2024, 0, 1);

type Shape = (i: number, time: number, noise: () => number, random: () => number) => number;

const wave = (time: number, period: number) => Math.sin((2 * Math.PI * time) / period);

const shapes: Record<string, () => Shape> = {
  noise: () => (_, _t, noise) => 100 + 5 * noise(),
  daily: () => (_, time, noise) => 100 + 30 * wave(time, dayMs) + 4 * noise(),
  weekly: () => (_, time, noise) => {
    const weekend = Math.floor(time / dayMs + 3) % 7 >= 5;
    return 100 + (weekend ? 10 : 40) * wave(time, dayMs) - (weekend ? 20 : 0) + 4 * noise();
  },
  'heavy tail': () => (_, _t, noise) => Math.exp(3 + 0.8 * noise()),
  bursts: () => (_, time, noise, random) => {
    const burst = random() < 0.01 ? 60 * random() : 0;
    return 20 + 5 * wave(time, dayMs) + 2 * noise() + burst;
  },
  'few events': () => (_, _t, _n, random) => (random() < 0.05 ? 1 + Math.floor(2 * random()) : 0),
  'random walk': () => {
    let level = 1000;
    return (_, _t, noise) => {
      level += 2 * noise();
      return level + noise();
    };
  },
  growth: () => (i, time, noise) => 50 + i / 50 + 10 * wave(time, dayMs) + 2 * noise(),
  utilisation: () => (_, time, noise) => {
    return Math.max(0, Math.min(100, 50 + 45 * wave(time, dayMs) + 6 * noise()));
  },
  'square wave': () => (_, time, noise) => {
    const hour = Math.floor(time / 3_600_000) % 24;
    return (hour >= 9 && hour < 18 ? 80 : 20) + noise();
  },
};

/** Anomalies: what they make of a value at row `k` of `length`. `scale` is the series' own spread. */
const spoilers: [string, number, (value: number, scale: number, mean: number) => number][] = [
  ['spike', 1, (value, scale) => value + 12 * scale],
  ['short rise', 6, (value, scale) => value + 6 * scale],
  ['drop', 12, (value, scale) => value - 6 * scale],
  ['stuck', 60, (_v, _s, mean) => mean],
];

const intervals: [string, number, number][] = [
  ['10 s', 10_000, 3],
  ['1 min', 60_000, 14],
  ['5 min', 300_000, 28],
  ['1 h', 3_600_000, 120],
];

function make(shape: string, interval: string, ms: number, days: number, seed: number): Series {
  const random = randomOf(seed);
  const noise = normalOf(random);
  const value = shapes[shape]!();
  const n = Math.floor((days * dayMs) / ms);
  const times = new Float64Array(n);
  const values = new Float64Array(n);
  let time = start;
  for (let i = 0; i < n; i++) {
    values[i] = value(i, time, noise, random);
    times[i] = time;
    // A scrape in fifty is missed, and none is on the second.
    time += ms * (random() < 0.02 ? 2 : 1) + Math.round((random() - 0.5) * 0.02 * ms);
  }
  const mean = values.reduce((a, b) => a + b, 0) / n;
  const scale = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / n);
  const spans: Span[] = [];
  spoilers.forEach(([, length, spoil], k) => {
    const at = Math.floor(n * (0.55 + 0.1 * k + 0.05 * random()));
    for (let i = at; i < at + length; i++) values[i] = spoil(values[i]!, scale, mean);
    spans.push([at, at + length - 1]);
  });
  const name = `${shape}, ${interval}`;
  return { name, group: shape, interval: ms, times, values, spans, points: [] };
}

/** Spans of series k are, in order, the four kinds of `anomalyKinds`. */
export const anomalyKinds = spoilers.map(([name]) => name);

export function synthetic(seed = 1): Series[] {
  return Object.keys(shapes).flatMap((shape, s) =>
    intervals.map(([name, ms, days], k) => make(shape, name, ms, days, seed + 100 * s + k)),
  );
}
