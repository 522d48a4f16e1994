import { type Chance, type Character, coloured, day, minute, wave } from './character.ts';

/**
 * Series whose cycle is none, or not for ever: rounds that vary with a sudden fall at their end,
 * schedules that change or end, heirs whose cycle runs from their own start. Written before cycles
 * could be given up; two sets, one to look at and one in other shapes that was judged once.
 */
const second = 1000;
const later = (share: number) => (rows: number) => Math.floor(share * rows);

/** A phase that falls to 0 after rounds of about `period` rows, each longer or shorter by `loose`. */
function rounds(c: Chance, period: number, loose: number): () => number {
  let [at, now] = [c.random() * period, period];
  return () => {
    if (++at >= now) {
      at -= now;
      now = Math.max(4, period * (1 + loose * c.noise()));
    }
    return at / now;
  };
}

/** Work of `height` in the first part of each period, from row `from` on. */
const job = (i: number, from: number, period: number, part: number, height: number) =>
  (i - from) % period < part * period ? height : 0;

const half = later(0.45);
const turnsAt =
  (at: (rows: number) => number, length: number) =>
  (rows: number): [number, number] => [at(rows), at(rows) + length - 1];
const fifths = (rows: number) => [0.3, 0.45, 0.6, 0.75, 0.9].map((share) => later(share)(rows));
/** Row of the newest heir at row i, 0 before the first one. */
const bornBefore = (heirs: readonly number[], i: number) => heirs.findLast((at) => at <= i) ?? 0;

/** What several have in common: of rounds that end in a fall, and of jobs. */
const few = (c: Chance) => c.between(2, 4);
const some = (c: Chance) => c.between(2, 5);
const falls = { rows: () => 12_000, events: some, longest: 60 } as const;
const jobs = { interval: minute, rows: () => 10_000, events: few, longest: 40 } as const;
/** A job and a slow course of the day. */
const worked = (c: Chance, load: number, slow: number, time: number): [number, number] => [
  30 + load + slow * wave(time, day) + c.noise(),
  2,
];

export const lapsed: Record<string, Character> = {
  'heap of uneven rounds': {
    interval: minute,
    ...falls,
    make: (c) => {
      const of = rounds(c, c.between(20, 200), 0.04 + 0.25 * c.random());
      const height = 20 + 40 * c.random();
      return () => [30 + height * of() + 0.8 * c.noise(), 0.08 * height];
    },
  },
  'heap by load': {
    interval: 30 * second,
    ...falls,
    make: (c) => {
      const [period, slow, high] = [c.between(30, 200), coloured(c, 0.998), 40 + 40 * c.random()];
      let at = 0;
      return (_, time) => {
        at += (high / period) * Math.max(0.3, 1 + 0.25 * slow() + 0.3 * wave(time, day));
        if (at > high) at = 0;
        return [25 + at + 0.6 * c.noise(), 0.06 * high];
      };
    },
  },
  'saw with a sharp fall': {
    interval: 15 * second,
    ...falls,
    make: (c) => {
      const [period, height] = [20 + 180 * c.random(), 20 + 40 * c.random()];
      return (i) => [10 + height * ((i / period) % 1) + 0.5 * c.noise(), 0.06 * height];
    },
  },
  'a job whose schedule changes': {
    ...jobs,
    turn: turnsAt(half, 120),
    make: (c, rows) => {
      const lengths = [30, 45, 60, 90, 120];
      const k = c.between(0, 4);
      const [before, after] = [lengths[k]!, lengths[(k + c.between(1, 4)) % 5]!];
      const [part, height, slow] = [0.1 + 0.4 * c.random(), 8 + 20 * c.random(), 4 * c.random()];
      return (i, time) => {
        const [from, period] = i < half(rows) ? [0, before] : [half(rows), after];
        const load = job(i, from, period, part, height);
        return worked(c, load, slow, time);
      };
    },
  },
  'a job that ends': {
    ...jobs,
    turn: turnsAt(half, 120),
    make: (c, rows) => {
      const [period, part] = [c.between(20, 120), 0.1 + 0.4 * c.random()];
      const [height, slow] = [8 + 20 * c.random(), 4 * c.random()];
      return (i, time) => {
        const load = i < half(rows) ? job(i, 0, period, part, height) : 0;
        return worked(c, load, slow, time);
      };
    },
  },
  'pods whose cycle runs from their start': {
    ...jobs,
    heirs: fifths,
    make: (c, rows) => {
      const [period, height] = [c.between(25, 150), 8 + 20 * c.random()];
      const [part, isSaw] = [0.1 + 0.4 * c.random(), c.random() < 0.4];
      const heirs = fifths(rows).map((at) => at + c.between(-period, 0));
      return (i) => {
        const from = bornBefore(fifths(rows), i);
        const at = from === 0 ? i : i - heirs[fifths(rows).indexOf(from)]!;
        const load = isSaw ? (height * (at % period)) / period : job(at, 0, period, part, height);
        return [20 + load + c.noise(), 2];
      };
    },
  },
};

export const keptLapsed: Record<string, Character> = {
  'heap of two generations': {
    interval: 30 * second,
    rows: () => 12_000,
    events: some,
    longest: 80,
    make: (c) => {
      const period = c.between(8, 40);
      const [young, old] = [rounds(c, period, 0.1), rounds(c, period * c.between(6, 14), 0.15)];
      const [small, large] = [5 + 10 * c.random(), 20 + 30 * c.random()];
      return () => [40 + small * young() + large * old() + 0.7 * c.noise(), 0.06 * large];
    },
  },
  'buffer that is flushed when full': {
    interval: 15 * second,
    rows: () => 14_000,
    events: some,
    longest: 60,
    make: (c) => {
      const [size, each] = [1000 + 4000 * c.random(), 8 + 60 * c.random()];
      let held = 0;
      return () => {
        held += -each * Math.log(1 - c.random());
        if (held > size) held = 0.1 * size * c.random();
        return [held, 0.08 * size];
      };
    },
  },
  'a shape that moves to another hour': {
    interval: 5 * minute,
    rows: () => 8000,
    events: few,
    longest: 60,
    turn: turnsAt(half, 150),
    make: (c, rows) => {
      const [period, shift] = [c.between(40, 150), 0.2 + 0.6 * c.random()];
      const [wide, size, at] = [0.05 + 0.15 * c.random(), 10 + 30 * c.random(), c.random()];
      return (i) => {
        const phase = (i / period + at + (i < half(rows) ? 0 : shift)) % 1;
        return [60 + size * Math.exp(-(((phase - 0.5) / wide) ** 2)) + 0.8 * c.noise(), 1.5];
      };
    },
  },
  'batches that end and begin at another pace': {
    interval: minute,
    rows: () => 14_000,
    events: few,
    longest: 40,
    turn: turnsAt(half, 120),
    make: (c, rows) => {
      const [before, after] = [c.between(20, 60), c.between(60, 130)];
      const [size, tail] = [20 + 40 * c.random(), 3 + 8 * c.random()];
      const begins = later(0.7);
      return (i) => {
        const isIdle = i >= half(rows) && i < begins(rows);
        const at = i < half(rows) ? i % before : (i - begins(rows)) % after;
        return [12 + (isIdle ? 0 : size * Math.exp(-at / tail)) + c.noise(), 2];
      };
    },
  },
  'replicas that are replaced, each at its own beat': {
    interval: 30 * second,
    rows: () => 12_000,
    events: few,
    longest: 50,
    heirs: fifths,
    make: (c, rows) => {
      const [period, byClock] = [30 + 130 * c.random(), c.random() < 0.5];
      const [second, shift] = [c.random(), c.random()];
      const phases = [0, ...fifths(rows).map(() => (byClock ? 0 : c.random()))];
      return (i) => {
        const phase = i / period + phases[1 + fifths(rows).indexOf(bornBefore(fifths(rows), i))]!;
        const shape = wave(phase, 1) + second * wave(phase, 0.5, shift);
        return [100 + 15 * shape + 1.5 * c.noise(), 2.5];
      };
    },
  },
  'a job that stays, with long outages': {
    interval: minute,
    rows: () => 12_000,
    events: few,
    longest: 300,
    length: (c) => c.between(20, 300),
    change: (c) => {
      const to = 18 + 4 * c.random();
      return c.random() < 0.5 ? () => to : (v, s) => v + 8 * s;
    },
    make: (c) => {
      const [period, part] = [c.between(20, 100), 0.1 + 0.5 * c.random()];
      const height = 10 + 20 * c.random();
      return (i) => [20 + job(i, 0, period, part, height) + c.noise(), 2];
    },
  },
};
