import {
  type Chance,
  type Character,
  coloured,
  day,
  hour,
  minute,
  poisson,
  wave,
} from './character.ts';

/**
 * Series to judge by: of the kinds that others will judge by too (KPIs by the minute, hourly
 * traffic of the web, made-up trend and season, machine metrics, cloud CPU, short series), in other
 * shapes than those to look at. Written before anything was changed and not looked at until the
 * changes were done; whoever looks at single series here writes new ones.
 */
const dayOf = (time: number) => Math.floor(time / day + 3) % 7;

/** Nearly nothing at night, a broad shoulder by day with two peaks. */
function shoulders(time: number, shift: number): number {
  const h = (((time / hour + shift) % 24) + 24) % 24;
  const bump = (at: number, wide: number) => Math.exp(-(((h - at) / wide) ** 2));
  return 0.08 + 0.5 * bump(13, 5) + 0.35 * bump(10.5, 1.6) + 0.45 * bump(20.5, 2.2);
}

/** Heavier than normal, of about its size. */
const heavy = (c: Chance) => c.noise() / Math.sqrt(0.35 + 0.65 * c.random());

const shortLength = (c: Chance) => 1 + Math.floor(-Math.log(1 - c.random()) * 3);

function dipOrSpike(c: Chance): (v: number, sigma: number) => number {
  const up = c.random() < 0.5;
  const part = 0.25 + 0.6 * c.random();
  const most = 6 + 14 * c.random();
  return up
    ? (v, s) => v + Math.max(part * v, most * s)
    : (v, s) => Math.max(0, v - Math.max(part * v, most * s));
}

export const unseen: Record<string, Character> = {
  'orders a minute': {
    interval: minute,
    rows: () => 28 * 1440,
    events: (c) => c.between(15, 45),
    longest: 20,
    counts: true,
    length: shortLength,
    change: (c) => dipOrSpike(c),
    follows: 0.25,
    make: (c) => {
      const [most, shift] = [10 ** (1.3 + 2 * c.random()), 24 * c.random()];
      const slow = coloured(c, 0.995);
      return (_, time) => {
        const mean = most * shoulders(time, shift) * (dayOf(time) >= 5 ? 1.25 : 1);
        const now = mean * Math.max(0.3, 1 + 0.05 * slow());
        return [poisson(now, c), Math.sqrt(now) + 0.3];
      };
    },
  },
  'share of successes': {
    interval: minute,
    rows: () => 21 * 1440,
    events: (c) => c.between(8, 25),
    longest: 20,
    length: shortLength,
    change: (c) => {
      const depth = 8 + 40 * c.random();
      return (v, s) => Math.max(0, v - depth * s);
    },
    follows: 0.35,
    make: (c) => {
      const bad = 10 ** (-1.5 + c.random());
      return (_, time) => {
        const size = 0.1 * bad * (1 + 0.5 * wave(time, day));
        return [100 - bad - size * Math.abs(heavy(c)), size];
      };
    },
  },
  'milliseconds by five minutes': {
    interval: 5 * minute,
    rows: () => 35 * 288,
    events: (c) => c.between(10, 30),
    longest: 30,
    length: (c) => shortLength(c) + (c.random() < 0.2 ? c.between(5, 40) : 0),
    change: (c) => {
      const [factor, least] = [1.3 + 1.5 * c.random(), 7 + 8 * c.random()];
      return (v, s) => v + Math.max((factor - 1) * v, least * s);
    },
    follows: 0.2,
    make: (c) => {
      const [base, busy] = [10 ** (1 + 1.5 * c.random()), 0.5 * c.random()];
      const slow = coloured(c, 0.99);
      return (_, time) => {
        const mean = base * (1 + busy * shoulders(time, 0)) * Math.exp(0.05 * slow());
        return [mean * Math.exp(0.06 * heavy(c)), 0.07 * mean];
      };
    },
  },
  'visits an hour': {
    interval: hour,
    rows: (c) => c.between(1200, 1500),
    events: (c) => c.between(1, 7),
    longest: 10,
    length: (c) => (c.random() < 0.6 ? c.between(1, 2) : c.between(3, 14)),
    change: (c) => dipOrSpike(c),
    make: (c) => {
      const level = 10 ** (1 + 5 * c.random());
      const [sunday, saturday] = [0.3 + 0.7 * c.random(), 0.5 + 0.5 * c.random()];
      const [shift, noise, own] = [24 * c.random(), coloured(c, 0.8), 0.03 + 0.05 * c.random()];
      return (_, time) => {
        const today = [1, 1.05, 1, 0.97, 0.93, saturday, sunday][dayOf(time)]!;
        const late = dayOf(time) >= 5 ? 2 : 0;
        const mean = level * today * (0.2 + shoulders(time - late * hour, shift));
        return [mean * Math.exp(own * noise()), mean * own];
      };
    },
  },
  'made of three waves': {
    interval: hour,
    rows: () => 1680,
    events: (c) => c.between(1, 14),
    longest: 1,
    length: () => 1,
    change: (c) => {
      const size = (c.random() < 0.5 ? -1 : 1) * (5 + 12 * c.random());
      return (v, s) => v + size * s;
    },
    make: (c) => {
      const [a, b, d] = [100 * c.random(), 60 * c.random(), 120 * c.random()];
      const [slope, sigma] = [c.random() - 0.4, 4 + 10 * c.random()];
      const phase = c.random();
      return (i, time) => {
        const season =
          a * wave(time, day, phase) + b * wave(time, 12 * hour) + d * wave(time, 7 * day);
        return [1000 + slope * i + season + sigma * c.noise(), sigma];
      };
    },
  },
  'waves that change': {
    interval: hour,
    rows: () => 1680,
    events: (c) => c.between(2, 5),
    longest: 3,
    length: (c) => c.between(1, 3),
    change: (c) => {
      const size = (c.random() < 0.5 ? -1 : 1) * (6 + 10 * c.random());
      return (v, s) => v + size * s;
    },
    make: (c) => {
      const at = [0.3, 0.55, 0.75].map((x) => Math.floor(1680 * (x + 0.1 * c.random())));
      const heights = at.concat(0).map(() => 30 + 90 * c.random());
      const slopes = at.concat(0).map(() => 0.6 * (c.random() - 0.5));
      const sigmas = at.concat(0).map(() => 3 + 6 * c.random());
      let level = 500;
      return (i, time) => {
        const part = at.filter((x) => x <= i).length;
        level += slopes[part]!;
        const sigma = sigmas[part]!;
        return [level + heights[part]! * wave(time, day) + sigma * c.noise(), sigma];
      };
    },
  },
  'share of a machine': {
    interval: minute,
    rows: () => 24_000,
    events: (c) => c.between(5, 12),
    longest: 200,
    length: (c) => (c.random() < 0.4 ? c.between(1, 5) : c.between(6, 250)),
    change: (c) => {
      const [to, down] = [0.35 + 0.65 * c.random(), c.random() < 0.2];
      return (v, s) => (down ? 0.2 * v : Math.min(1, v + to * Math.max(0.3, 5 * s)));
    },
    make: (c) => {
      const [level, day1] = [0.05 + 0.3 * c.random(), 0.15 * c.random()];
      const [noise, size] = [coloured(c, 0.6), 0.005 + 0.02 * c.random()];
      const every = c.between(0, 2) * 720;
      return (i, time) => {
        const job = every > 0 && i % every < 12 ? 0.15 : 0;
        const v = level + day1 * (1 + wave(time, day)) + job + size * Math.abs(noise());
        return [Math.max(0, Math.min(1, v)), size];
      };
    },
  },
  'heap of a machine': {
    interval: minute,
    rows: () => 12_000,
    events: (c) => c.between(2, 5),
    longest: 120,
    length: (c) => c.between(10, 150),
    change: (c, length) => {
      const to = 0.25 + 0.3 * c.random();
      return (v, _, k) => Math.min(1, v + to * Math.min(1, (3 * (k + 1)) / length));
    },
    make: (c) => {
      const [period, low, high] = [c.between(20, 240), 0.2, 0.45 + 0.15 * c.random()];
      let at = 0;
      return () => {
        at += (high - low) / (period * (0.85 + 0.3 * c.random()));
        if (at > high - low) at = 0;
        return [low + at + 0.01 * c.noise(), 0.01];
      };
    },
  },
  'processor in a cloud': {
    interval: 5 * minute,
    rows: () => 4032,
    events: (c) => c.between(1, 4),
    longest: 60,
    length: (c) => (c.random() < 0.5 ? c.between(1, 4) : c.between(5, 80)),
    change: (c) => {
      const [up, drop] = [8 + 40 * c.random(), c.random() < 0.25];
      return (v) => (drop ? 0.3 * v : Math.min(100, v + up));
    },
    make: (c) => {
      const [level, size] = [2 + 30 * c.random(), 0.2 + c.random()];
      const often = 0.01 * c.random();
      return () => {
        const own = c.random() < often ? 5 * size * c.random() : 0;
        return [Math.max(0, level + size * heavy(c) + own), size];
      };
    },
  },
  'few rows': {
    interval: 5 * minute,
    rows: (c) => c.between(150, 700),
    events: (c) => c.between(1, 2),
    longest: 30,
    length: (c) => (c.random() < 0.5 ? c.between(1, 3) : c.between(4, 30)),
    make: (c) => {
      const [period, height, size] = [c.between(15, 100), 3 * c.random(), 0.3 + c.random()];
      const noise = coloured(c, 0.5);
      return (i) => [10 + height * wave(i, period) + size * noise(), size];
    },
  },
  'a beat of its own': {
    interval: minute,
    rows: () => 8000,
    events: (c) => c.between(2, 5),
    longest: 40,
    length: (c) => c.between(1, 40),
    make: (c) => {
      const [period, height] = [c.between(12, 200), 5 + 10 * c.random()];
      return (i) => {
        const at = (i % period) / period;
        return [20 + height * (at < 0.4 ? 1 : 0.4 + at / 3) + c.noise(), 1.5];
      };
    },
  },
  'queue that follows load': {
    interval: minute,
    rows: () => 14 * 1440,
    events: (c) => c.between(4, 10),
    longest: 40,
    length: (c) => c.between(2, 40),
    change: (c) => {
      const many = 10 + 60 * c.random();
      return (v, s) => v + many * s;
    },
    counts: true,
    make: (c) => {
      const busy = 0.3 + 3 * c.random();
      return (_, time) => {
        const mean = busy * 2 * shoulders(time, 3);
        const burst = c.random() < 0.003 ? poisson(4 * mean + 2, c) : 0;
        return [poisson(mean, c) + burst, 0.5 + Math.sqrt(mean)];
      };
    },
  },
};
