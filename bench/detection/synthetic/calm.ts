import { type Character, coloured, day, minute, poisson, wave } from './character.ts';
import { away, missing, noisier, off, oneOf, otherHeight } from './oddities.ts';

/**
 * Calm, clean series at fine intervals, each with events of one kind: points of a row, small but
 * unmistakable changes of level, noise and cycle; and spiky ones, where a point is nothing. To look
 * at while the detector is changed; `calm-unseen.ts` is to judge by.
 */
const one = () => 1;

export const calm: Record<string, Character> = {
  'points of a calm minute': {
    interval: minute,
    rows: () => 7 * 1440,
    events: (c) => c.between(5, 10),
    longest: 1,
    length: one,
    change: off(8, 20),
    make: (c) => {
      const [height, slow] = [4 * c.random(), coloured(c, 0.95)];
      return (_, time) => [50 + height * wave(time, day) + slow() + c.noise(), 1.4];
    },
  },
  'points of ten seconds': {
    interval: 10_000,
    rows: () => 10_000,
    events: (c) => c.between(3, 6),
    longest: 1,
    length: one,
    change: off(8, 20),
    make: (c) => () => [3 + 0.1 * c.noise(), 0.1],
  },
  'counts of a minute': {
    interval: minute,
    rows: () => 10 * 1440,
    events: (c) => c.between(5, 12),
    longest: 2,
    counts: true,
    length: (c) => c.between(1, 2),
    change: (c) => {
      const size = 7 + 8 * c.random();
      return (v, sigma) => v + size * sigma;
    },
    make: (c) => {
      const [level, height, phase] = [10 ** (0.3 + 2 * c.random()), 0.6 * c.random(), c.random()];
      return (_, time) => {
        const mean = level * (1 + height * wave(time, day, phase));
        return [poisson(mean, c), Math.sqrt(mean) + 0.5];
      };
    },
  },
  'points are usual': {
    interval: minute,
    rows: () => 7 * 1440,
    events: (c) => c.between(3, 6),
    longest: 20,
    length: (c) => c.between(6, 20),
    change: (c) => {
      const size = 8 + 8 * c.random();
      return (v, sigma) => v + size * sigma;
    },
    make: (c) => {
      const often = 10 ** (-3.2 + 1.5 * c.random());
      return () => {
        const point = c.random() < often ? 8 - 10 * Math.log(1 - c.random()) : 0;
        return [20 + c.noise() + point, 1];
      };
    },
  },
  'waves with hardly any noise': {
    interval: minute,
    rows: () => 8000,
    events: (c) => c.between(1, 3),
    longest: 200,
    length: (c) => c.between(30, 200),
    change: oneOf(missing(20), otherHeight(20), noisier(8, 20)),
    make: (c) => {
      const [period, second] = [c.between(40, 200), c.random()];
      return (i) => [
        20 + 10 * wave(i, period) + 3 * wave(i, period / 2, second) + 0.15 * c.noise(),
        0.15,
      ];
    },
  },
  'slow and far away': {
    interval: 5 * minute,
    rows: () => 14 * 288,
    events: (c) => c.between(1, 3),
    longest: 200,
    length: (c) => c.between(50, 200),
    change: away(5, 10),
    make: (c) => () => [100 + c.noise(), 1],
  },
  'noise grows': {
    interval: minute,
    rows: () => 5 * 1440,
    events: (c) => c.between(1, 4),
    longest: 120,
    length: (c) => c.between(30, 120),
    change: noisier(2.5, 5),
    make: (c) => {
      const noise = coloured(c, 0.6 * c.random());
      return () => [70 + noise(), 1];
    },
  },
  'small steps': {
    interval: minute,
    rows: () => 5 * 1440,
    events: (c) => c.between(1, 4),
    longest: 150,
    length: (c) => c.between(30, 150),
    change: off(3, 5),
    make: (c) => {
      const noise = coloured(c, 0.4 * c.random());
      return () => [10 + 0.2 * noise(), 0.2];
    },
  },
};
