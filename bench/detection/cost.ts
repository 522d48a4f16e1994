import { configure, type ModelDefinition } from '../../src/engine/model.ts';
import { Scorer } from '../../src/models/scorer.ts';
import { normalOf, randomOf } from '../../src/models/series.test-kit.ts';
import { anomalySettings } from '../../src/processors/anomalies/settings.ts';

/** Cost of a sample with preprocessing and calibration, in ns of CPU time. */
export interface Cost {
  readonly name: string;
  readonly series: number;
  readonly nsPerSample: number;
  readonly bytesPerSeries: number;
}

const minute = 60_000;
const shipped = anomalySettings.parse({});
/** Samples after which every part of the default detector is at work; others inherit them. */
const warm = 2000;

/** ns of CPU time per sample of the fastest of some windows: the others shared the machine. */
function measured(count: number, windows: number, work: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let k = 0; k < windows; k++) {
    const before = process.cpuUsage();
    work();
    const used = process.cpuUsage(before);
    best = Math.min(best, ((used.user + used.system) * 1000) / count);
  }
  return best;
}

/** `series` in turn, so that with many of them every sample finds its state out of the cache. */
export function costOf(definition: ModelDefinition, series: number, samples: number): Cost {
  const maySearch = (open: number) => open < shipped.cycle_searches_max;
  const scorer = new Scorer(configure(definition), { maySearch });
  const normal = normalOf(randomOf(1));
  const values = Float64Array.from(
    { length: 8192 },
    (_, i) => 100 + 20 * Math.sin((2 * Math.PI * i) / 288) + normal(),
  );
  const windows = series < 1000 ? 40 : 3;
  const rounds = Math.max(1, Math.ceil(samples / series / windows));
  let time = 0;
  const round = (k: number, count: number) => {
    time += 5 * minute;
    for (let s = 0; s < count; s++) scorer.push(s, time, values[(k + 13 * s) & 8191]!, 'gauge');
  };
  let k = 0;
  while (k < (series < 1000 ? 100_000 : warm)) round(k++, 1);
  for (let s = 1; s < series; s++) scorer.inherit(0, s);
  const nsPerSample = measured(rounds * series, windows, () => {
    for (const end = k + rounds; k < end; k++) round(k, series);
  });
  return { name: definition.name, series, nsPerSample, bytesPerSeries: scorer.bytes.full };
}

/** The same for series that never move. */
export function quietCost(definition: ModelDefinition, series: number): Cost {
  const scorer = new Scorer(configure(definition));
  const round = (k: number) => {
    for (let s = 0; s < series; s++) scorer.push(s, k * minute, 1, 'gauge');
  };
  for (let k = 1; k < 4; k++) round(k);
  let k = 4;
  const nsPerSample = measured(series, 5, () => round(k++));
  return { name: 'quiet series', series, nsPerSample, bytesPerSeries: scorer.bytes.quiet };
}
