import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { configJsonSchema, type JsonSchema } from '../../src/config/schema.ts';

const root = join(import.meta.dirname, '..', '..');
const sources = globSync('src/**/*.ts', { cwd: root })
  .filter(
    (name) =>
      !name.endsWith('.test.ts') &&
      !/^src\/config\/(process|settings|log|kafka|sources|defaults)\.ts$/.test(name),
  )
  .map((name) => readFileSync(join(root, name), 'utf8'))
  .join('\n');

/** Sections that no part reads yet, with the reason. */
const unreadYet: Readonly<Record<string, string>> = {
  'process.log.kafka': 'main refuses type kafka until it serves it',
};

test('every key of the configuration is read somewhere', () => {
  const unread: string[] = [];
  const visit = (schema: JsonSchema, path: string): void => {
    for (const [name, key] of Object.entries(schema.properties ?? {})) {
      const full = `${path}${name}`;
      const isRead = new RegExp(`\\b${name}\\b`).test(sources);
      if (full in unreadYet) continue;
      if (!isRead) unread.push(full);
      visit(key, `${full}.`);
      if (key.items) visit(key.items, `${full}[].`);
    }
  };
  visit(configJsonSchema(), '');
  expect(unread).toEqual([]);
});
