import { ByteReader, ByteWriter } from '../core/bytes.ts';
import { configure, type ModelDefinition } from '../engine/model.ts';
import { stackOf } from '../engine/runner/sealed-stacks.ts';
import { Scorer } from '../models/scorer.ts';
import type { Found } from './exports.ts';
import { type Fault, length, passes, placeIn, trials } from './try-model.ts';

/**
 * Gives a model with an `upgrade` states that say they are of the version before, and goes on with
 * them: once with its own columns as made-up series leave them, once with none of them, so that all
 * are new. Tells what `upgrade` throws, and what fails after it.
 */
export function tryUpgrade(
  { file, definition }: Found<ModelDefinition>,
  tell: (doing: string) => void,
): Fault[] {
  const { name, version, upgrade } = definition;
  if (version < 2 || !upgrade) return [];
  tell(`${file}: model ${name} upgrading its state`);
  let stack = '';
  const watched: ModelDefinition = {
    ...definition,
    upgrade(...args) {
      try {
        upgrade(...args);
      } catch (error) {
        stack ||= stackOf(error) || ' ';
        throw error;
      }
    },
  };
  const model = configure(watched);
  const before: readonly ModelDefinition[] = [
    { ...definition, version: version - 1 },
    { ...definition, version: version - 1, state: { other: 'u8' }, score: () => {} },
  ];
  for (const old of before) {
    const scorer = new Scorer(configure(old), { guard: true });
    passes(scorer, trials);
    const out = new ByteWriter();
    scorer.save(out, trials.length);
    const next = new Scorer(model, { guard: true });
    next.load(new ByteReader(out.view()));
    const failed = passes(next, trials, length).find(({ error }) => error !== '');
    if (!failed) continue;
    const message = `on a state of version ${version - 1}: ${failed.error}${placeIn(stack)}`;
    return [{ file, model: name, message }];
  }
  return [];
}
