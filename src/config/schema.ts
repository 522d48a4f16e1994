import { z } from 'zod';
import { key } from './key.ts';
import { processSchema } from './process.ts';
import { type Sections, type Settings, settingsSchema } from './settings.ts';

/**
 * The whole file; `sections` are the settings that processors declare, by processor. `others` says
 * what becomes of sections of no processor that is known: they may be of users' code.
 */
export function configSchema(sections: Sections = {}, others: 'refused' | 'kept' = 'refused') {
  return z.strictObject({
    process: key(
      processSchema.prefault({}),
      'This process: where it listens and keeps things, and its limits. Never logged.',
      'restart',
    ),
    settings: key(
      settingsSchema(sections, others).prefault({}),
      'What can change a result. It goes into the log, so every reader has the same.',
      'live',
    ),
  });
}

/** The file as parsed: snake_case as in the file, durations in ms, sizes in bytes. */
export interface Config {
  readonly process: z.output<typeof processSchema>;
  readonly settings: Settings;
}

/** JSON Schema of the file as it is written, with `reload` and `kind` beside the usual keywords. */
export function configJsonSchema(sections: Sections = {}): JsonSchema {
  const schema = z.toJSONSchema(configSchema(sections), { io: 'input', reused: 'inline' });
  return { title: 'Seastate configuration', ...(schema as JsonSchema) };
}

/** The part of JSON Schema that our schemas use. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly required?: readonly string[];
  readonly reload?: 'live' | 'restart';
  readonly kind?: 'duration' | 'size' | 'path' | 'file' | 'secret';
  readonly [keyword: string]: unknown;
}

/** The schema of one key; undefined where the schema says nothing about it. */
export function schemaAt(schema: JsonSchema, path: readonly PropertyKey[]): JsonSchema | undefined {
  let at: JsonSchema | undefined = schema;
  for (const step of path) {
    if (at === undefined) return undefined;
    if (typeof step === 'number') at = at.items;
    else {
      const { properties, additionalProperties } = at as JsonSchema;
      const other = typeof additionalProperties === 'object' ? additionalProperties : undefined;
      at = properties?.[String(step)] ?? other;
    }
  }
  return at;
}
