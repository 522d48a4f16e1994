import {
  type Chance,
  type Change,
  type Character,
  coloured,
  day,
  hour,
  minute,
  poisson,
  wave,
} from './character.ts';
import { off, oneOf } from './oddities.ts';

/**
 * Traffic of people whose noise follows the level, and whose does not: written before anything was
 * changed. Seed 1 is to look at; seed 2 was in the tables, too, while ways were compared. Each at 1, 5 and
 * 60 minutes.
 */
const intervals: readonly [name: string, ms: number, days: number, longest: number][] = [
  ['1 min', minute, 21, 20],
  ['5 min', 5 * minute, 42, 12],
  ['60 min', hour, 70, 6],
];

/** Level over time: three to twelve times as much by day as at night. */
function course(c: Chance, weekends: boolean): (time: number) => number {
  const [height, phase] = [0.55 + 0.65 * c.random(), c.random()];
  const [peaks, dip] = [0.25 * c.random(), weekends ? 0.3 + 0.4 * c.random() : 1];
  return (time) => {
    const round = height * wave(time, day, phase) + peaks * wave(time, day / 2, 2 * phase + 0.1);
    return Math.exp(round) * (Math.floor(time / day + 3) % 7 >= 5 ? dip : 1);
  };
}

/** Size of the noise at a part of the usual level, of a noise of 1. */
const laws: Readonly<Record<string, (part: number) => number>> = {
  'in proportion to the level': (part) => part,
  'by the root of the level': (part) => Math.sqrt(part),
  'the same at all levels': () => 1,
};

/** To a part of what it would be, or a multiple of it; of so many sizes of the noise at least. */
function timesAsMuch(c: Chance): Change {
  const factor = c.random() < 0.5 ? 1.5 + c.random() : 0.15 + 0.4 * c.random();
  const least = 6 + 4 * c.random();
  return (v, sigma) =>
    factor > 1 ? Math.max(v * factor, v + least * sigma) : Math.min(v * factor, v - least * sigma);
}

const strange = {
  events: (c: Chance) => c.between(4, 12),
  change: oneOf(off(7, 18), off(7, 18), timesAsMuch),
} as const;

function noisy(law: (part: number) => number, weekends: boolean): Character['make'] {
  return (c) => {
    const [level, noise] = [10 ** (1 + 4 * c.random()), 0.03 + 0.07 * c.random()];
    const [at, own] = [course(c, weekends), coloured(c, 0.6 * c.random())];
    return (_, time) => {
      const part = at(time);
      const sigma = level * noise * law(part);
      return [level * part + sigma * own(), sigma];
    };
  };
}

/** Counts of what people do: hardly any at night. */
const counted: Character['make'] = (c) => {
  const [level, at] = [10 ** (0.3 + 1.7 * c.random()), course(c, true)];
  return (_, time) => {
    const mean = level * at(time) ** 1.7;
    return [poisson(mean, c), Math.sqrt(mean) + 0.4];
  };
};

export const levels: Record<string, Character> = Object.fromEntries(
  intervals.flatMap(([name, interval, days, longest]) => {
    const common = { interval, longest, rows: () => (days * day) / interval, ...strange };
    const made = Object.entries(laws).map(([law, of]): [string, Character] => [
      `${law}, ${name}`,
      { ...common, make: noisy(of, false) },
    ]);
    return [
      ...made,
      [
        `in proportion, weekends, ${name}`,
        { ...common, make: noisy(laws['in proportion to the level']!, true) },
      ],
      [`counts, weekends, ${name}`, { ...common, counts: true, make: counted }],
    ];
  }),
);
