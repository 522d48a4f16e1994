import { messageOf, SeastateError } from '../core/errors.ts';
import { defineModel, type ModelDefinition } from '../engine/model.ts';
import type { ProcessorDefinition } from '../engine/processor.ts';
import { registryOf } from '../models/registry.ts';
import type { UserDefinitions } from '../processors/stages.ts';
import { sectionFault } from './sections.ts';

/** The module that a bundle is: what each file exports, by the file's name. */
export interface BundleModule {
  readonly processors?: readonly FileExports[];
  readonly models?: readonly FileExports[];
}
type FileExports = readonly [file: string, exports: Readonly<Record<string, unknown>>];

/** A definition and the file that it stands in. */
export interface Found<T> {
  readonly file: string;
  readonly definition: T;
}

/**
 * The processors and models of a bundle. Error `bundle_failed`, with the file: it has none, one is
 * not well defined, or two claim one name.
 */
export function foundIn({ processors = [], models = [] }: BundleModule): {
  processors: Found<ProcessorDefinition>[];
  models: Found<ModelDefinition>[];
} {
  const found = {
    processors: inFiles(processors, 'processor', 'defineProcessor', isProcessor),
    models: inFiles(models, 'model', 'defineModel', isModel),
  };
  for (const { file, definition } of found.processors) {
    const fault = sectionFault(definition);
    if (fault !== undefined) fail(file, `processor "${definition.name}": ${fault}`);
  }
  for (const { file, definition } of found.models) {
    const { name } = definition;
    if (registryOf().has(name)) fail(file, `model "${name}" has the name of a shipped one`);
    try {
      defineModel(definition);
    } catch (error) {
      fail(file, messageOf(error));
    }
  }
  return found;
}

/** The same as the stages take it. */
export function definitionsIn(module: BundleModule): UserDefinitions {
  const { processors, models } = foundIn(module);
  return {
    processors: processors.map(({ definition }) => definition),
    models: models.map(({ definition }) => definition),
  };
}

function inFiles<T extends { readonly name: string }>(
  files: readonly FileExports[],
  what: string,
  how: string,
  is: (value: unknown) => value is T,
): Found<T>[] {
  const found: Found<T>[] = [];
  for (const [file, exports] of files) {
    const definitions = [...new Set(Object.values(exports).filter(is))];
    if (definitions.length === 0) fail(file, `it exports no ${what}: export const x = ${how}(...)`);
    for (const definition of definitions) {
      const twin = found.find((other) => other.definition.name === definition.name);
      if (twin)
        fail(file, `${what} "${definition.name}" is in ${twin.file} too: rename one of them`);
      found.push({ file, definition });
    }
  }
  return found;
}

function fail(file: string, what: string): never {
  throw new SeastateError('bundle_failed', `${file}: ${what}`);
}

function isProcessor(value: unknown): value is ProcessorDefinition {
  return typeof value === 'object' && value !== null && 'create' in value && 'outputs' in value;
}

function isModel(value: unknown): value is ModelDefinition {
  return typeof value === 'object' && value !== null && 'score' in value && 'state' in value;
}
