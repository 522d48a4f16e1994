import { formatPath } from './problem.ts';
import { type Config, configJsonSchema, type JsonSchema } from './schema.ts';
import type { Sections } from './settings.ts';

/** Keys that differ, by whether a reload takes them or only a restart does. */
export interface Changes {
  readonly live: readonly string[];
  readonly restart: readonly string[];
}

export function configChanges(before: Config, after: Config, sections: Sections = {}): Changes {
  const live: string[] = [];
  const restart: string[] = [];
  compare(before, after, [], configJsonSchema(sections), 'restart', (path, reload) => {
    (reload === 'live' ? live : restart).push(formatPath(path));
  });
  return { live, restart };
}

function compare(
  before: unknown,
  after: unknown,
  path: readonly PropertyKey[],
  schema: JsonSchema | undefined,
  inherited: 'live' | 'restart',
  onChange: (path: readonly PropertyKey[], reload: 'live' | 'restart') => void,
): void {
  const reload = schema?.reload ?? inherited;
  if (!isSection(before) || !isSection(after)) {
    if (JSON.stringify(before) !== JSON.stringify(after)) onChange(path, reload);
    return;
  }
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const below = schema?.properties?.[name];
    compare(before[name], after[name], [...path, name], below, reload, onChange);
  }
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
