import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadProgram } from '../cli/load-config.ts';
import { settingsOf } from './program.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seastate-sections-'));
});
afterEach(() => rm(folder, { recursive: true }));

const processor = (name = 'own-one', settings = '') => `
import { defineProcessor, selector } from 'seastate';
import { z } from 'zod';
export const it = defineProcessor({
  name: '${name}', version: 1, outputs: [],
  settings: ${settings || "z.object({ which: selector.default('up'), every: z.int().max(60).default(1), mode: z.enum(['sum', 'mean']).default('sum') })"},
  check: ({ which }) => which === 'down' ? [{ path: ['which'], message: 'down is not up' }] : [],
  create: () => ({}),
});
`;

async function load(settings: string, code = processor()) {
  await writeFile(join(folder, 'own.ts'), code);
  const config = join(folder, 'seastate.yaml');
  const head = `process: {processors: [own.ts], data: ${join(folder, 'data')}}\nsettings:\n`;
  await writeFile(config, `${head}${settings}`);
  const sink = { write: () => true };
  const context = { env: {}, out: sink, err: sink, process: {} };
  return await loadProgram(context as unknown as Parameters<typeof loadProgram>[0], { config });
}

test('a section of a processor of users is good, and goes into the log as it is written', async () => {
  const program = await load('  version: 3\n  own-one: {every: 7}\n');
  expect((await settingsOf(program)).content).toMatchObject({ 'own-one': { every: 7 } });
  expect(program.placesOf('own-one', '7')).toEqual([]);
});

test.each([
  [
    'a value',
    '  own-one:\n    every: 61\n',
    /seastate\.yaml:4:12: settings\.own-one\.every: must be at most 60/,
  ],
  [
    'a type',
    '  own-one: {every: x}\n',
    /:3:20: settings\.own-one\.every: expected a whole number|expected a number, got "x"/,
  ],
  [
    'a choice',
    '  own-one: {mode: summ}\n',
    /:3:19: .*mode: expected one of sum, mean, got "summ"; did you mean sum\?/,
  ],
  [
    'a key',
    '  own-one: {evry: 1}\n',
    /:3:13: settings\.own-one\.evry: unknown key; did you mean every\?/,
  ],
  ['a selector', '  own-one: {which: "up{"}\n', /:3:20: settings\.own-one\.which: /],
  [
    'what its check says',
    '  own-one: {which: down}\n',
    /:3:20: settings\.own-one\.which: down is not up/,
  ],
  ['no section', '  own-one: 7\n', /:3:12: settings\.own-one: expected a section, got 7/],
  [
    'a section of nobody',
    '  own-oen: {}\n',
    /:3:3: settings\.own-oen: unknown key; did you mean own-one\?/,
  ],
  [
    'a processor that is switched off',
    '  disabled: [own-on]\n',
    /:3:14: settings\.disabled\[0\]: no processor is own-on; did you mean own-one\?/,
  ],
])('%s that is wrong is told with its place', async (_, settings, message) => {
  await expect(load(settings)).rejects.toThrow(message);
});

test('all mistakes are told at once, ours among them', async () => {
  const text =
    '  own-one: {every: 61, mode: x}\n  anomalies:\n    routes: [{select: up, model: magic}]\n';
  await expect(load(text)).rejects.toThrow(/own-one\.every.*\n.*own-one\.mode.*\n.*magic/);
});

test.each([
  ['the name of a shipped one', processor('alerts'), /a shipped processor has that name/],
  ['the name of a key', processor('limits'), /a key of settings has that name/],
  ['no name', processor('My One'), /kebab-case/],
  ['a setting without default', processor('x', 'z.object({ n: z.number() })'), /need defaults: n/],
  ['no schema', processor('x', '{} as never'), /must be a schema of zod/],
])('a processor with %s is refused, with its file', async (_, code, message) => {
  await expect(load('  version: 1\n', code)).rejects.toThrow(message);
  await expect(load('  version: 1\n', code)).rejects.toThrow('own.ts: processor');
});

test('without processors of users a section of nobody is unknown as ever', async () => {
  const config = join(folder, 'plain.yaml');
  await writeFile(config, 'settings: {own-one: {}}\n');
  const context = { env: {}, out: {}, err: {}, process: {} } as never;
  await expect(loadProgram(context, { config })).rejects.toThrow(/own-one: unknown key/);
});
