import { type Character, coloured, day, hour, minute, traffic, wave } from './character.ts';

/** Operations data of more kinds, to look at while the detector is changed. */
const tiny = (c: { random: () => number }) => 1 + Math.floor(-Math.log(1 - c.random()) * 2.5);

export const operations: Record<string, Character> = {
  'KPI, dips and spikes': {
    interval: minute,
    rows: () => 30 * 1440,
    events: (c) => c.between(15, 40),
    longest: 10,
    length: tiny,
    follows: 0.3,
    change: (c) => {
      const size = (c.random() < 0.5 ? -1 : 1) * (6 + 12 * c.random());
      return (v, sigma) => v + size * sigma;
    },
    make: (c) => {
      const of = traffic(c);
      return (_, time) => of(time);
    },
  },
  'KPI, heavy noise': {
    interval: 5 * minute,
    rows: () => 40 * 288,
    events: (c) => c.between(8, 25),
    longest: 20,
    follows: 0.2,
    make: (c) => {
      const of = traffic(c);
      return (_, time) => {
        const [v, s] = of(time);
        return [v + s * c.noise() * (c.random() < 0.03 ? 3 : 1), 1.5 * s];
      };
    },
  },
  'KPI of a quiet night': {
    interval: minute,
    rows: () => 20 * 1440,
    events: (c) => c.between(8, 25),
    longest: 10,
    length: tiny,
    follows: 0.3,
    change: (c) => {
      const part = (c.random() < 0.6 ? -1 : 1) * (0.3 + 0.5 * c.random());
      return (v, s) => v + (part < 0 ? Math.min(part * v, -5 * s) : Math.max(part * v, 5 * s));
    },
    make: (c) => {
      const [power, phase, level] = [1 + 2 * c.random(), c.random(), 10 ** (2 + 2 * c.random())];
      const noisy = 0.02 + 0.04 * c.random();
      return (_, time) => {
        const base = level * (0.05 + (0.5 + 0.5 * wave(time, day, phase)) ** power);
        const sigma = noisy * base + 0.01 * level;
        return [base + sigma * c.noise(), sigma];
      };
    },
  },
  'web by the hour': {
    interval: hour,
    rows: () => 1430,
    events: (c) => c.between(1, 6),
    longest: 8,
    make: (c) => {
      const of = traffic(c);
      const weekend = 0.2 + 0.6 * c.random();
      return (i, time) => {
        const [v, s] = of(time);
        const flat = Math.floor(i / 24) % 7 >= 5 ? weekend : 1;
        return [v * flat, s * flat];
      };
    },
  },
  'trend, season, points': {
    interval: hour,
    rows: () => 1680,
    events: (c) => c.between(2, 12),
    longest: 1,
    length: () => 1,
    change: (c) => {
      const size = (c.random() < 0.5 ? -1 : 1) * (6 + 10 * c.random());
      return (v, s) => v + size * s;
    },
    make: (c) => {
      const [a, b, d] = [c.random(), c.random(), c.random()];
      const slope = 0.004 * (c.random() - 0.3);
      return (i, time) => {
        const season =
          a * wave(time, day) + 0.6 * b * wave(time, 12 * hour) + d * wave(time, 7 * day);
        return [10 + slope * i + season + 0.1 * c.noise(), 0.1];
      };
    },
  },
  'trend, season, changes': {
    interval: hour,
    rows: () => 1680,
    events: (c) => c.between(2, 6),
    longest: 2,
    length: (c) => c.between(1, 2),
    make: (c) => {
      let [height, level] = [1, 10];
      return (i, time) => {
        if (i > 0 && c.random() < 1 / 400) height = 0.5 + 1.5 * c.random();
        if (i > 0 && c.random() < 1 / 500) level += 2 * c.noise();
        return [level + height * wave(time, day) + 0.1 * c.noise(), 0.12];
      };
    },
  },
  'machine, normalised': {
    interval: minute,
    rows: () => 25_000,
    events: (c) => c.between(4, 12),
    longest: 150,
    change: (c) => {
      const to = 0.1 + 0.5 * c.random();
      return (v) => Math.min(1, v + to);
    },
    make: (c) => {
      const noise = coloured(c, 0.9);
      const [level, size] = [0.1 + 0.2 * c.random(), 0.005 + 0.03 * c.random()];
      const bursts = 0.003 * c.random();
      return (_, time) => {
        const burst = c.random() < bursts ? 0.2 * c.random() : 0;
        const v = level * (1 + 0.4 * wave(time, day)) + size * noise() + burst;
        return [Math.max(0, Math.min(1, v)), size];
      };
    },
  },
  'cloud CPU': {
    interval: 5 * minute,
    rows: () => 4032,
    events: (c) => c.between(1, 4),
    longest: 40,
    change: (c) => {
      const up = 10 + 50 * c.random();
      return (v) => Math.min(100, v + up);
    },
    make: (c) => {
      const [level, size] = [3 + 40 * c.random(), 0.3 + 1.5 * c.random()];
      const noise = coloured(c, 0.5);
      return () => [Math.max(0, level + size * noise()), size];
    },
  },
  'hundreds of rows': {
    interval: 5 * minute,
    rows: (c) => c.between(200, 600),
    events: () => 1,
    longest: 20,
    make: (c) => {
      const period = c.between(20, 80);
      const height = 4 * c.random();
      return (i) => [50 + height * wave(i, period) + c.noise(), 1];
    },
  },
};
