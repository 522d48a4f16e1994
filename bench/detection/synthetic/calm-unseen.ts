import { type Character, coloured, day, minute, poisson, traffic, wave } from './character.ts';
import { away, missing, noisier, off, oneOf, otherHeight } from './oddities.ts';

/**
 * The kinds of `calm.ts` in other shapes, to judge by: written with them, before anything was
 * changed, and not looked at until the changes were done.
 */
const one = () => 1;

export const calmUnseen: Record<string, Character> = {
  'points of a slow sensor': {
    interval: minute,
    rows: () => 6000,
    events: (c) => c.between(2, 6),
    longest: 1,
    length: one,
    change: off(9, 25),
    make: (c) => {
      const slow = coloured(c, 0.998);
      const height = 3 * c.random();
      return (_, time) => [21 + height * wave(time, day) + 2 * slow() + 0.1 * c.noise(), 0.17];
    },
  },
  'points of a saw by the second': {
    interval: 1000,
    rows: (c) => c.between(4000, 12_000),
    events: (c) => c.between(1, 3),
    longest: 1,
    length: one,
    change: off(10, 25),
    make: (c) => {
      const period = c.between(50, 400);
      return (i) => [(10 * (i % period)) / period + 0.3 * c.noise(), 0.5];
    },
  },
  'requests of half a minute': {
    interval: minute / 2,
    rows: () => 5 * 2880,
    events: (c) => c.between(4, 10),
    longest: 2,
    counts: true,
    length: (c) => c.between(1, 2),
    change: off(7, 16),
    make: (c) => {
      const [level, phase] = [10 ** (1 + 2 * c.random()), c.random()];
      return (_, time) => {
        const mean = level * (1 + 0.5 * wave(time, day, phase));
        const now = mean * Math.exp(0.1 * c.noise());
        return [poisson(now, c), Math.sqrt(mean + (0.1 * mean) ** 2)];
      };
    },
  },
  'pauses of a collector': {
    interval: minute,
    rows: () => 7 * 1440,
    events: (c) => c.between(3, 7),
    longest: 30,
    length: (c) => c.between(6, 30),
    change: (c) => {
      const times = 2 + 2 * c.random();
      return (v) => times * v;
    },
    make: (c) => {
      const [often, base] = [0.0005 + 0.02 * c.random(), 5 + 50 * c.random()];
      return () => {
        const pause = c.random() < often ? (1 - c.random()) ** -0.5 : 0;
        return [base * (Math.exp(0.1 * c.noise()) + pause), 0.1 * base];
      };
    },
  },
  'beats by the second': {
    interval: 1000,
    rows: () => 9000,
    events: (c) => c.between(1, 3),
    longest: 150,
    length: (c) => c.between(30, 150),
    change: oneOf(missing(1), otherHeight(1), noisier(5, 15)),
    make: (c) => {
      const [period, wide] = [c.between(30, 90), 0.06 + 0.1 * c.random()];
      return (i) => {
        const at = (i % period) / period;
        const beat =
          Math.exp(-(((at - 0.3) / wide) ** 2)) - 0.3 * Math.exp(-(((at - 0.6) / 0.1) ** 2));
        return [1 + 4 * beat + 0.05 * c.noise(), 0.05];
      };
    },
  },
  'drifts of a daily course': {
    interval: 5 * minute,
    rows: () => 14 * 288,
    events: (c) => c.between(1, 3),
    longest: 250,
    length: (c) => c.between(60, 250),
    change: away(6, 14),
    make: (c) => {
      const height = 5 + 10 * c.random();
      return (_, time) => [60 + height * wave(time, day) + 0.7 * c.noise(), 0.7];
    },
  },
  'a sensor that fails': {
    interval: 5 * minute,
    rows: () => 14 * 288,
    events: (c) => c.between(1, 4),
    longest: 80,
    length: (c) => c.between(20, 80),
    change: noisier(3, 6),
    make: (c) => {
      const noise = coloured(c, 0.8);
      return () => [400 + 5 * noise(), 4];
    },
  },
  'small steps of traffic': {
    interval: minute,
    rows: () => 10 * 1440,
    events: (c) => c.between(2, 6),
    longest: 120,
    length: (c) => c.between(20, 120),
    change: off(4, 7),
    make: (c) => {
      const of = traffic(c);
      return (_, time) => of(time);
    },
  },
};
