import { SeastateError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import type { ModelDefinition } from '../engine/model.ts';
import { baselineRatio } from './baseline-ratio/baseline-ratio.ts';
import { defaultModel } from './default/default.ts';
import { ewmaBand } from './ewma-band/ewma-band.ts';
import { forecast } from './forecast/forecast.ts';
import { holtWinters } from './holt-winters/holt-winters.ts';
import { robustZ } from './robust-z/robust-z.ts';
import { seasonalQuantile } from './seasonal-quantile/seasonal-quantile.ts';
import { staticThreshold } from './static-threshold/static-threshold.ts';

/** Models by name. */
export type Registry = ReadonlyMap<string, ModelDefinition>;

const shipped = [
  defaultModel,
  staticThreshold,
  baselineRatio,
  ewmaBand,
  robustZ,
  seasonalQuantile,
  holtWinters,
  forecast,
] as unknown as readonly ModelDefinition[];

/** The shipped models and `more`; throws `model_name` when two claim one name. */
export function registryOf(more: readonly ModelDefinition[] = []): Registry {
  const models = new Map<string, ModelDefinition>();
  for (const model of [...shipped, ...more]) {
    if (models.has(model.name)) {
      throw new SeastateError(
        'model_name',
        `two models are named "${model.name}": rename one of them`,
      );
    }
    models.set(model.name, model);
  }
  return models;
}

/** Whether a model came with the program: it needs no guard against its own mistakes. */
export const isShipped = (model: ModelDefinition): boolean => shipped.includes(model);

/** The model of that name; throws `model_unknown` with the names there are. */
export function modelNamed(registry: Registry, name: string): ModelDefinition {
  const model = registry.get(name);
  if (model) return model;
  const names = [...registry.keys()];
  const near = nearest(name, names);
  const hint = near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`;
  throw new SeastateError('model_unknown', `no model is named "${name}"; ${hint}`);
}
