import { SeastateError } from './core/errors.ts';
import type { ProcessorDefinition } from './engine/processor.ts';
import { noDefinitions, stagesWith } from './processors/stages.ts';
import { definitionsIn } from './user-code/exports.ts';

/**
 * The processors of a stage: ours, and those of a bundle of users' code at that URL; the anomalies
 * processor knows the models of the bundle. Errors: `stage_unknown`, `bundle_failed`.
 */
export async function stageProcessors(
  stage: string,
  bundle: string | undefined,
): Promise<readonly ProcessorDefinition[]> {
  const users = bundle === undefined ? noDefinitions : definitionsIn(await import(bundle));
  const processors = stagesWith(users)[stage];
  if (!processors) throw new SeastateError('stage_unknown', `there is no stage "${stage}"`);
  return processors;
}
