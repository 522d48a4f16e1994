import { SeastateError } from './core/errors.ts';
import type { ProcessorDefinition } from './engine/processor.ts';
import { processorsIn } from './engine/runner/bundle-module.ts';
import { stages } from './processors/stages.ts';

/**
 * The processors of a stage: ours, and those of a bundle of users' code at that URL. Errors:
 * `stage_unknown`, `bundle_failed`.
 */
export async function stageProcessors(
  stage: string,
  bundle: string | undefined,
): Promise<ProcessorDefinition[]> {
  const own = stages[stage];
  if (!own) throw new SeastateError('stage_unknown', `there is no stage "${stage}"`);
  if (bundle === undefined) return [...own];
  return [...own, ...processorsIn(await import(bundle))];
}
