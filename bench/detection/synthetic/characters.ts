import {
  type Character,
  coloured,
  day,
  hour,
  minute,
  poisson,
  traffic,
  wave,
} from './character.ts';

/**
 * Series of the characters of public sets that are not here (hourly business metrics, KPIs by the
 * minute, daily rows, short series, cycles without a clock). Events lie anywhere from a tenth of the
 * series on and differ in kind, size and length. Seed 1 is there to look at, another one to judge by.
 */
export const characters: Record<string, Character> = {
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
