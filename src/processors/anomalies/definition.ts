import type { ModelDefinition } from '../../engine/model.ts';
import { defineProcessor, type ProcessorDefinition } from '../../engine/processor.ts';
import { registryOf } from '../../models/registry.ts';
import { Anomalies } from './anomalies.ts';
import { type AnomalySettings, anomalySettings, routeProblems } from './settings.ts';

/**
 * Scores every selected series, by the shipped models and `more`, and tells the intervals in which
 * one was improbable. Throws `model_name` when two models claim one name.
 */
export function anomaliesWith(
  more: readonly ModelDefinition[],
): ProcessorDefinition<AnomalySettings> {
  const models = registryOf(more);
  return defineProcessor({
    name: 'anomalies',
    version: 1,
    outputs: ['anomalies', 'scores'],
    settings: anomalySettings,
    check: (settings) => routeProblems(settings, models),
    create: (context) => new Anomalies(context, models).handlers(),
  });
}

/** With the shipped models alone. */
export const anomalies = anomaliesWith([]);
