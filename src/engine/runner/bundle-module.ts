import { SeastateError } from '../../core/errors.ts';
import type { ProcessorDefinition } from '../processor.ts';

/** The processors that a module exports. Error `bundle_failed`: none, or two of one name. */
export function processorsIn(module: Readonly<Record<string, unknown>>): ProcessorDefinition[] {
  const found = Object.values(module).filter(isProcessor);
  if (found.length === 0) {
    throw new SeastateError(
      'bundle_failed',
      'no processor is exported: export defineProcessor(...)',
    );
  }
  const names = found.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new SeastateError('bundle_failed', `two processors are named "${twice}"`);
  }
  return found;
}

function isProcessor(value: unknown): value is ProcessorDefinition {
  return typeof value === 'object' && value !== null && 'create' in value && 'outputs' in value;
}
