import { resolve } from 'node:path';
import { SeastateError } from '../core/errors.ts';
import type { ModelDefinition } from '../engine/model.ts';
import { foundIn } from './exports.ts';
import { readUserCode, urlOf } from './user-code.ts';

/**
 * The one model that a file exports, and what is wrong with it on made-up series (tried in a sealed
 * thread first). Error: `bundle_failed`.
 */
export async function modelInFile(
  file: string,
): Promise<{ definition: ModelDefinition; faults: string[] }> {
  const files = { processors: [], models: [resolve(file)] };
  const { bundle, faults } = await readUserCode(files, {}, { tries: true });
  const { models } = foundIn(await import(urlOf(bundle!)));
  if (models.length > 1) {
    const names = models.map(({ definition }) => definition.name).join(', ');
    throw new SeastateError('bundle_failed', `${file} exports ${names}: keep one model in a file`);
  }
  return {
    definition: models[0]!.definition,
    faults: faults.map(({ message }) => `the model fails ${message}`),
  };
}
