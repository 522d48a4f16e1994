import { formatDuration, formatSize } from './quantities.ts';
import { type Config, configJsonSchema, type JsonSchema, schemaAt } from './schema.ts';
import type { Sections } from './settings.ts';

/** The configuration as a user would write it: units back on, secrets hidden. */
export function printableConfig(config: Config, sections: Sections = {}): unknown {
  return printable(configJsonSchema(sections), config, []);
}

function printable(schema: JsonSchema, value: unknown, path: readonly PropertyKey[]): unknown {
  if (Array.isArray(value)) return value.map((item, i) => printable(schema, item, [...path, i]));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([name, item]) => [name, printable(schema, item, [...path, name])]),
    );
  }
  const { kind } = schemaAt(schema, path) ?? {};
  if (kind === 'secret') return '<secret>';
  if (kind === 'duration' && typeof value === 'number') return formatDuration(value);
  if (kind === 'size' && typeof value === 'number') return formatSize(value);
  return value;
}
