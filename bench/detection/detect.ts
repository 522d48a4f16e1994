import { configure, type ModelDefinition } from '../../src/engine/model.ts';
import { Scorer } from '../../src/models/scorer.ts';
import type { Series } from './corpora.ts';

/** What one pass of a model gives for each row. */
export interface Detection {
  readonly score: Float64Array;
  readonly alarm: Uint8Array;
  /** Multiples of the cut, for sweeps of the alarm's own cut. */
  readonly strength: Float64Array;
}

export function detect(
  series: Series,
  definition: ModelDefinition,
  parameters: unknown = {},
  asked?: number,
): Detection {
  const scorer = new Scorer(configure(definition, parameters), asked ? { asked } : {});
  const n = series.values.length;
  const found = {
    score: new Float64Array(n),
    alarm: new Uint8Array(n),
    strength: new Float64Array(n),
  };
  let slot = 0;
  for (let i = 0; i < n; i++) {
    if (series.heirs?.includes(i)) scorer.inherit(slot, ++slot);
    const verdict = scorer.push(slot, series.times[i]!, series.values[i]!, 'gauge');
    found.score[i] = verdict.score;
    found.alarm[i] = verdict.alarm ? 1 : 0;
    found.strength[i] = verdict.strength;
  }
  return found;
}

export const scoresOf = (found: readonly Detection[]): Float64Array[] => found.map((f) => f.score);
export const alarmsOf = (found: readonly Detection[]): Uint8Array[] => found.map((f) => f.alarm);
