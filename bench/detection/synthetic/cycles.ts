import {
  type Chance,
  type Change,
  type Character,
  coloured,
  day,
  hour,
  minute,
  traffic,
  wave,
} from './character.ts';

/**
 * Series whose cycle is not the clock's: jobs by the minute, cycles of so many rows, and hourly rows or
 * rows of a minute that were numbered, which the program takes for rows of five minutes. Two sets
 * written together before anything was changed: one to look at, one that was judged once. A third of
 * each has no cycle at all.
 */
const numbered = 5 * minute;

/** A shape of four harmonics of one period, of height about 1. */
function harmonics(c: Chance): (phase: number) => number {
  const parts = [1, 2, 3, 4].map((k) => [c.random() / k, c.random()] as const);
  const size = parts.reduce((sum, [height]) => sum + height, 0);
  return (phase) =>
    parts.reduce((sum, [height, shift], k) => sum + height * wave(phase, 1 / (k + 1), shift), 0) /
    size;
}

/** One or two hours' worth of points, up or down. */
function point(c: Chance): Change {
  const size = (c.random() < 0.5 ? -1 : 1) * (6 + 12 * c.random());
  return (v, s) => v + size * s;
}

export const cycles: Record<string, Character> = {
  'job every so many minutes': {
    interval: minute,
    rows: () => 10_000,
    events: (c) => c.between(3, 8),
    longest: 40,
    make: (c) => {
      const [period, height] = [c.between(20, 170), 8 + 20 * c.random()];
      const [part, slow] = [0.1 + 0.5 * c.random(), 6 * c.random()];
      return (i, time) => {
        const on = i % period < part * period ? height : 0;
        return [30 + on + slow * wave(time, day) + c.noise(), 2];
      };
    },
  },
  'a shape of so many rows': {
    interval: numbered,
    rows: (c) => c.between(5000, 15_000),
    events: (c) => c.between(1, 3),
    longest: 200,
    length: (c) => c.between(20, 200),
    change: (c) => {
      const kind = c.between(0, 2);
      const size = 0.5 + 0.5 * c.random();
      if (kind === 0) return (v) => 50 - size * (v - 50);
      return kind === 1 ? () => 50 : (v, s) => v + 20 * size * s;
    },
    make: (c) => {
      const [period, of] = [c.between(40, 600), harmonics(c)];
      return (i) => [50 + 20 * of(i / period) + 0.6 * c.noise(), 0.8];
    },
  },
  'hours, numbered': {
    interval: numbered,
    rows: () => 1420,
    events: (c) => c.between(2, 8),
    longest: 4,
    length: (c) => (c.random() < 0.7 ? 1 : c.between(2, 4)),
    change: point,
    make: (c) => {
      const of = traffic(c);
      return (i) => of(Date.UTC(2023, 2, 6) + i * hour);
    },
  },
  'minutes, numbered': {
    interval: numbered,
    rows: () => 20 * 1440,
    events: (c) => c.between(6, 14),
    longest: 60,
    make: (c) => {
      const of = traffic(c);
      return (i) => of(Date.UTC(2023, 2, 6) + i * minute);
    },
  },
  'no cycle: noise with a memory': {
    interval: minute,
    rows: () => 12_000,
    events: (c) => c.between(3, 6),
    longest: 30,
    make: (c) => {
      const noise = coloured(c, 0.99 * Math.sqrt(c.random()));
      return () => [100 + 5 * noise() + 2 * c.noise(), 5];
    },
  },
  'no cycle: a wave that loses its beat': {
    interval: 5 * minute,
    rows: () => 8000,
    events: (c) => c.between(2, 5),
    longest: 30,
    make: (c) => {
      const [period, loose] = [c.between(20, 200), 0.1 + 0.2 * c.random()];
      let phase = 0;
      return () => {
        phase += (1 + loose * Math.sqrt(period) * c.noise()) / period;
        return [40 + 10 * Math.sin(2 * Math.PI * phase) + c.noise(), 3];
      };
    },
  },
};

export const keptCycles: Record<string, Character> = {
  'saw of a collector': {
    interval: 15_000,
    rows: () => 12_000,
    events: (c) => c.between(3, 7),
    longest: 60,
    make: (c) => {
      const [period, height] = [c.between(25, 240), 15 + 30 * c.random()];
      return (i, time) => [
        20 + (height * (i % period)) / period + 3 * wave(time, day) + 1.2 * c.noise(),
        3,
      ];
    },
  },
  'beats that vary': {
    interval: numbered,
    rows: (c) => c.between(6000, 12_000),
    events: (c) => c.between(1, 2),
    longest: 150,
    length: (c) => c.between(10, 150),
    change: (c) => (c.random() < 0.5 ? (v) => 0.3 * v : (v, s) => v + (6 + 10 * c.random()) * s),
    make: (c) => {
      const [period, loose] = [c.between(50, 250), 0.01 + 0.02 * c.random()];
      let [at, now] = [0, period];
      return () => {
        if (++at >= now) [at, now] = [0, period * (1 + loose * c.noise())];
        const phase = at / period;
        const peak = Math.exp(-(((phase - 0.3) / 0.04) ** 2));
        return [5 + 20 * peak + 5 * Math.exp(-(((phase - 0.65) / 0.09) ** 2)) + 0.5 * c.noise(), 1];
      };
    },
  },
  'half hours, numbered': {
    interval: numbered,
    rows: (c) => c.between(2000, 8000),
    events: (c) => c.between(3, 8),
    longest: 12,
    make: (c) => {
      const of = traffic(c);
      return (i) => of(Date.UTC(2023, 2, 6) + i * 30 * minute);
    },
  },
  'batch by the hour': {
    interval: minute,
    rows: () => 10 * 1440,
    events: (c) => c.between(3, 8),
    longest: 30,
    make: (c) => {
      const [period, least] = [[30, 60, 90, 120][c.between(0, 3)]!, 4 + 4 * c.random()];
      const [height, tail] = [20 + 40 * c.random(), 2 + 8 * c.random()];
      return (i) => {
        const at = i % period;
        const load = at < least ? 1 : Math.exp((least - at) / tail);
        return [10 + height * load * (0.95 + 0.1 * c.random()) + c.noise(), 2];
      };
    },
  },
  'no cycle: calls that come in clusters': {
    interval: minute,
    rows: () => 12_000,
    events: (c) => c.between(3, 6),
    longest: 30,
    make: (c) => {
      const keep = 0.9 + 0.09 * c.random();
      let load = 0;
      return () => {
        load = keep * load + (c.random() < 0.02 ? 5 * c.random() : 0);
        return [20 + 4 * load + c.noise(), 4];
      };
    },
  },
  'no cycle: days by the clock': {
    interval: 5 * minute,
    rows: () => 30 * 288,
    events: (c) => c.between(4, 9),
    longest: 24,
    make: (c) => {
      const of = traffic(c);
      return (_, time) => of(time);
    },
  },
};
