import { z } from 'zod';
import type { OwnSection } from '../config/load.ts';
import type { JsonSchema } from '../config/schema.ts';
import { ownSettings } from '../config/settings.ts';
import { messageOf } from '../core/errors.ts';
import type { ProcessorDefinition } from '../engine/processor.ts';
import { sectionSchema } from '../engine/settings.ts';
import { stages } from '../processors/stages.ts';

/** Names that mean something else in `settings`, or in the record that they become. */
const taken: ReadonlySet<string> = new Set([...ownSettings, 'series', 'bundle']);
const shipped: ReadonlySet<string> = new Set(
  Object.values(stages)
    .flat()
    .map(({ name }) => name),
);

/**
 * Why a processor cannot have a section of its own, or a place beside ours; undefined if it can.
 */
export function sectionFault(definition: ProcessorDefinition): string | undefined {
  const { name } = definition;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) return 'the name must be kebab-case';
  if (shipped.has(name)) return 'a shipped processor has that name';
  if (taken.has(name)) return 'a key of settings has that name';
  try {
    const [issue] = sectionSchema(definition)?.safeParse({}).error?.issues ?? [];
    if (!issue) return undefined;
    return `all of its settings need defaults: ${issue.path.join('.')}: ${issue.message}`;
  } catch (error) {
    return `its settings must be a schema of zod (${messageOf(error)})`;
  }
}

/** The sections of these processors, and what is wrong with what `settings` hold of them. */
export function sectionsOf(
  processors: readonly ProcessorDefinition[],
  settings: Readonly<Record<string, unknown>>,
): OwnSection[] {
  return processors.flatMap((definition) => {
    const schema = sectionSchema(definition);
    if (!schema) return [];
    const { error } = schema.safeParse(settings[definition.name]);
    const json = z.toJSONSchema(schema, { io: 'input', reused: 'inline', unrepresentable: 'any' });
    // As it can be sent to another thread.
    const issues = JSON.parse(JSON.stringify(error?.issues ?? []));
    return [{ name: definition.name, schema: json as JsonSchema, issues }];
  });
}
