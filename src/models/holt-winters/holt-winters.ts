import { z } from 'zod';
import { defineModel, weight } from '../../engine/model.ts';
import { bounded, inSpreads } from '../bounded.ts';

const parameters = z.strictObject({
  seasonHours: z.number().min(1).max(168).default(24).describe('Length of the season in hours.'),
  levelSamples: z
    .number()
    .min(2)
    .max(1e5)
    .default(50)
    .describe('Samples that the level looks back on.'),
  trendSamples: z
    .number()
    .min(2)
    .max(1e6)
    .default(2000)
    .describe('Samples that the trend looks back on.'),
  seasons: z.number().min(1).max(100).default(4).describe('Seasons that the season looks back on.'),
  width: z
    .number()
    .positive()
    .max(100)
    .default(5)
    .describe('Half-width of the band in mean deviations.'),
});

const phases = 48;
const hourMs = 3_600_000;

/** Level, trend and season that move: for smooth series that grow. */
export const holtWinters = defineModel({
  name: 'holt-winters',
  version: 1,
  summary:
    'For smooth series that grow: error of an additive forecast from level, trend and season, in its mean deviations.',
  parameters,
  state: {
    level: 'f64',
    trend: 'f64',
    deviation: 'f64',
    season: { type: 'f64', width: phases },
    visits: { type: 'u16', width: phases },
  },
  score(sample, state, at, p, result) {
    const value = bounded(sample.value);
    const { count, steps } = sample;
    if (count === 0) state.level[at] = value;
    const length = p.seasonHours * hourMs;
    const phase = Math.floor((((sample.time % length) + length) % length) * (phases / length));
    const k = at * phases + phase;
    const level = state.level[at]! + steps * state.trend[at]!;
    const season = state.season[k]!;
    const deviation = state.deviation[at]!;
    const error = value - level - season;
    result.expected = level + season;
    result.lower = result.expected - p.width * deviation;
    result.upper = result.expected + p.width * deviation;
    if (sample.age >= length && deviation > 0) result.score = inSpreads(Math.abs(error), deviation);
    const most = count > 30 && deviation > 0 ? 6 * deviation : Math.abs(error);
    const taught = Math.max(-most, Math.min(most, error));
    const share = Math.max(weight(p.levelSamples, steps), 1 / (count + 1));
    state.level[at] = level + share * taught;
    if (count > 0) state.trend[at]! += (share * taught * weight(p.trendSamples, steps)) / steps;
    const perPhase = Math.max(length / phases / Math.max(sample.interval, 1), 1);
    const visits = state.visits[k]!;
    state.season[k] = season + (taught * (1 - share)) / Math.min(visits + 1, perPhase * p.seasons);
    if (visits < 65_535) state.visits[k] = visits + 1;
    const size = Math.abs(taught);
    state.deviation[at] = deviation + (size - deviation) * Math.max(1 / 200, 1 / (count + 1));
  },
});
