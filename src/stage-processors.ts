import { SeastateError } from './core/errors.ts';
import type { ProcessorDefinition } from './engine/processor.ts';
import { stagesWith } from './processors/stages.ts';
import { type BundleModule, definitionsIn } from './user-code/exports.ts';

/**
 * The processors of a stage: ours, and those of a bundle of users' code; the anomalies processor
 * knows the models of the bundle. Errors: `stage_unknown`, `bundle_failed`.
 */
export function stageProcessors(
  stage: string,
  users: BundleModule,
): readonly ProcessorDefinition[] {
  const processors = stagesWith(definitionsIn(users))[stage];
  if (!processors) throw new SeastateError('stage_unknown', `there is no stage "${stage}"`);
  return processors;
}
