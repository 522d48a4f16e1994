import { configure, type ModelDefinition } from '../../src/engine/model.ts';
import { Scorer } from '../../src/models/scorer.ts';
import { normalOf, randomOf } from '../../src/models/testing.ts';

/** Cost of a sample with preprocessing and calibration, in ns of CPU time. */
export interface Cost {
  readonly name: string;
  readonly series: number;
  readonly nsPerSample: number;
  readonly bytesPerSeries: number;
}

const minute = 60_000;

function measured(count: number, work: () => void): number {
  const before = process.cpuUsage();
  work();
  const used = process.cpuUsage(before);
  return ((used.user + used.system) * 1000) / count;
}

/** `series` in turn, so that with many of them every sample finds its state out of the cache. */
export function costOf(definition: ModelDefinition, series: number, samples: number): Cost {
  const scorer = new Scorer(configure(definition));
  const normal = normalOf(randomOf(1));
  const noise = Float64Array.from({ length: 4096 }, normal);
  const rounds = Math.max(2, Math.ceil(samples / series));
  let time = 0;
  const round = (k: number) => {
    time += minute;
    const wave = 100 + 20 * Math.sin(k / 229);
    for (let s = 0; s < series; s++) {
      scorer.push(s, time, wave + noise[(k * 7 + s) & 4095]!, 'gauge');
    }
  };
  const warm = Math.max(3, Math.ceil(200_000 / series));
  for (let k = 0; k < warm; k++) round(k);
  const nsPerSample = measured(rounds * series, () => {
    for (let k = warm; k < warm + rounds; k++) round(k);
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
  const nsPerSample = measured(5 * series, () => {
    for (let k = 4; k < 9; k++) round(k);
  });
  return { name: 'quiet series', series, nsPerSample, bytesPerSeries: scorer.bytes.quiet };
}
