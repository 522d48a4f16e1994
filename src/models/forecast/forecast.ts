import { z } from 'zod';
import { defineModel } from '../../engine/model.ts';
import { bounded } from '../bounded.ts';

const parameters = z.strictObject({
  bound: z
    .number()
    .default(0)
    .describe('The value at which it is exhausted: bytes, a quota, 0 seconds left.'),
  horizonHours: z
    .number()
    .positive()
    .max(24 * 365)
    .default(72)
    .describe('An alarm when the bound may be reached within so many hours.'),
  memoryHours: z
    .number()
    .positive()
    .max(24 * 365)
    .default(24)
    .describe('Hours that the trend looks back on.'),
  width: z
    .number()
    .positive()
    .max(10)
    .default(2)
    .describe('Standard errors of slope and level on either side of the band.'),
});

const hourMs = 3_600_000;
const warmUp = 30;

/** When a disk, a quota, memory, a certificate or an etcd database runs out, with a band. */
export const forecast = defineModel({
  name: 'forecast',
  version: 1,
  summary:
    'For disks, quotas and certificates that run out: time until a bound is reached, by a weighted straight line with its standard errors.',
  parameters,
  state: {
    /** ms that the sums are relative to. */
    origin: 'f64',
    time: 'f64',
    weights: 'f64',
    meanTime: 'f64',
    meanValue: 'f64',
    timeTime: 'f64',
    timeValue: 'f64',
    valueValue: 'f64',
  },
  calibration: 'fixed',
  score(sample, state, at, p, result) {
    if (sample.count === 0) state.origin[at] = sample.time;
    const now = (sample.time - state.origin[at]!) / hourMs;
    const kept = Math.exp((state.time[at]! - now) / p.memoryHours);
    const before = state.weights[at]! * kept;
    const weights = before + 1;
    const dt = now - state.meanTime[at]!;
    const dx = bounded(sample.value) - state.meanValue[at]!;
    const share = before / weights;
    state.time[at] = now;
    state.weights[at] = weights;
    state.meanTime[at]! += dt / weights;
    state.meanValue[at]! += dx / weights;
    const tt = state.timeTime[at]! * kept + share * dt * dt;
    const tx = state.timeValue[at]! * kept + share * dt * dx;
    const xx = state.valueValue[at]! * kept + share * dx * dx;
    state.timeTime[at] = tt;
    state.timeValue[at] = tx;
    state.valueValue[at] = xx;
    if (sample.count < warmUp || !(tt > 0)) return;
    const slope = tx / tt;
    const variance = Math.max(xx - slope * tx, 0) / Math.max(weights - 2, 1);
    const slopeError = p.width * Math.sqrt(variance / tt);
    const ahead = now - state.meanTime[at]!;
    const level = state.meanValue[at]! + slope * ahead;
    const band = p.width * Math.sqrt(variance);
    result.expected = level;
    result.lower = level - band;
    result.upper = level + band;
    const rest = p.bound - level;
    const up = rest > 0 ? 1 : -1;
    if (rest === 0) return;
    const hours = (rate: number) => (rate * up > 0 ? rest / rate : Number.POSITIVE_INFINITY);
    result.reached = sample.time + hours(slope) * hourMs;
    result.earliest = sample.time + hours(slope + up * slopeError) * hourMs;
    result.latest = sample.time + hours(slope - up * slopeError) * hourMs;
    const isSure = (slope - up * slopeError) * up > 0;
    if (isSure) result.score = p.horizonHours / Math.max(hours(slope), 1e-9);
  },
});
