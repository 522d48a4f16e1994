import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { settingsContent } from './content.ts';
import { ConfigError, readConfig, readConfigWithPlaces } from './load.ts';
import { openConfig } from './open.ts';
import { printableConfig } from './printable.ts';
import { formatDuration, formatSize, parseSize } from './quantities.ts';
import { configChanges } from './reload.ts';
import { configJsonSchema, type JsonSchema } from './schema.ts';

const folder = join(import.meta.dirname, 'fixtures');
const sections = { sample: z.strictObject({ pending: z.boolean().default(false) }).prefault({}) };

function read(text: string, env: Record<string, string> = {}) {
  return readConfig({
    file: { name: 'seastate.yaml', text },
    sections,
    env,
    readFile: (path) => `content of ${path}\n`,
    resolve: (path) => (path.startsWith('/') ? path : `/etc/seastate/${path}`),
  });
}

function problemsOf(act: () => unknown): ConfigError {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('no mistake was found');
}

describe('mistakes', () => {
  const files = globSync('*.bad.yaml', { cwd: folder }).sort();
  test('there is a file for each', () => expect(files.length).toBeGreaterThan(20));

  // The first lines of each file, after `#!`, are the messages that it must give.
  test.each(files)('%s', (name) => {
    const path = join(folder, name);
    const expected = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('#! '))
      .map((line) => `${path}:${line.slice(3)}`);
    const error = problemsOf(() => openConfig({ path, sections, env: {} }));
    expect(error.message.split('\n').sort()).toEqual(expected.sort());
  });

  test('a snippet shows the place', () => {
    const error = problemsOf(() => read('process:\n  data: x\n  lisen: 1\n  partitions: 2\n'));
    expect(error.withSnippets()).toBe(
      [
        'seastate.yaml:3:3: process.lisen: unknown key; did you mean listen?',
        '  2 |   data: x',
        '  3 |   lisen: 1',
        '    |   ^',
        '  4 |   partitions: 2',
      ].join('\n'),
    );
  });

  test('a flag is named, not a line', () => {
    const overrides = [{ path: 'process.listen', value: 'x', source: '--listen' }];
    const error = problemsOf(() => openConfig({ overrides, env: {} }));
    expect(error.message).toMatch(/^--listen: process.listen: write it as host:port/);
  });
});

test('no file gives the defaults, and an empty one too', () => {
  const { config } = openConfig({ env: {} });
  expect(config.process).toMatchObject({ listen: '127.0.0.1:9797', partitions: 16 });
  expect(config.settings.time.future).toBe(600_000);
  expect(read('')).toMatchObject(config);
  expect(read('process:\n')).toMatchObject(config);
});

test('a text of a section is found where it stands', () => {
  const place = { sections: { sample: z.record(z.string(), z.unknown()).prefault({}) }, env: {} };
  const text = 'settings:\n  sample:\n    list: [a, {deep: b}]\n    again: b\n';
  const { placesOf } = readConfigWithPlaces({
    ...place,
    file: { name: 'seastate.yaml', text },
    readFile: () => '',
    resolve: (path) => path,
  });
  expect(placesOf('sample', 'b')).toEqual([
    'seastate.yaml:3:22: settings.sample.list[1].deep',
    'seastate.yaml:4:12: settings.sample.again',
  ]);
  expect(placesOf('sample', 'c')).toEqual([]);
  const overrides = [{ path: 'settings.sample', value: '{x: b}', source: '--set' }];
  const { placesOf: ofFlag } = openConfig({ ...place, overrides });
  expect(ofFlag('sample', 'b')).toEqual(['configuration: settings.sample.x']);
});

test('what the user wrote knows nothing of defaults, so a newer program reads the same', () => {
  const overrides = [{ path: 'settings.time.future', value: '5m', source: '--set' }];
  const today = openConfig({ overrides, env: {} });
  const sections = { added: z.strictObject({ limit: z.number().default(7) }).prefault({}) };
  const newer = openConfig({ overrides, env: {}, sections });
  expect(newer.config.settings).toMatchObject({ added: { limit: 7 } });
  expect(newer.written).toEqual(today.written);
  expect(today.written).toEqual({ time: { future: '5m' } });
});

test('flags win over the environment, which wins over the file', () => {
  const file = { name: 'f', text: 'process: {listen: "a:1", data: d, partitions: 3}' };
  const config = readConfig({
    file,
    env: {},
    readFile: () => '',
    resolve: (path) => path,
    overrides: [
      { path: 'process.listen', value: 'b:2', source: 'SEASTATE_LISTEN' },
      { path: 'process.listen', value: 'c:3', source: '--listen' },
      { path: 'process.partitions', value: '8', source: '--partitions' },
    ],
  });
  expect(config.process).toMatchObject({ listen: 'c:3', data: 'd', partitions: 8 });
});

test('environment and files stand in for scalars, after parsing', () => {
  const env = { PORT: '9000', N: '4', EVIL: 'x}, partitions: {' };
  const config = read(
    'process:\n  listen: 0.0.0.0:${env:PORT}\n  partitions: ${env:N}\n  data: "${env:EVIL}"\n' +
      'settings:\n  clusters:\n    aliases:\n      a: $${env:N}\n      b: ${file:/x}\n      c: "${env:N}"\n' +
      '      d: ${env:NONE:-fallback}\n',
    env,
  );
  expect(config.process).toMatchObject({ listen: '0.0.0.0:9000', partitions: 4 });
  expect(config.process.data).toBe('/etc/seastate/x}, partitions: {');
  expect(config.settings.clusters.aliases).toEqual({
    a: '${env:N}',
    b: 'content of /x',
    c: '4',
    d: 'fallback',
  });
});

test('sections of processors are theirs', () => {
  const { settings } = read('settings: {sample: {pending: true}}');
  expect(settings['sample']).toEqual({ pending: true });
  expect(settingsContent(settings)).toMatchObject({ sample: { pending: true }, status_ticks: 3 });
  expect(read('').settings['sample']).toEqual({ pending: false });
});

test('what is printed has units and no secrets, and reads as the same', () => {
  const text =
    'process:\n  data: /d\n  log:\n    type: kafka\n    kafka:\n      brokers: ["k:9092"]\n' +
    '      sasl: {mechanism: PLAIN, username: u, password: hunter2}\n';
  const config = read(text);
  const printed = JSON.stringify(printableConfig(config, sections));
  expect(printed).not.toContain('hunter2');
  expect(printed).toContain('"password":"<secret>"');
  expect(printed).toContain('"body_size":"32MB"');
  const again = read(printed);
  expect(printableConfig(again, sections)).toEqual(printableConfig(config, sections));
});

test('a reload tells what it takes and what needs a restart', () => {
  const before = read('');
  const after = read(
    'process: {listen: "127.0.0.1:1", limits: {body_size: 1MB}, logging: {level: debug}}\n' +
      'settings: {version: 2, sample: {pending: true}}',
  );
  expect(configChanges(before, after, sections)).toEqual({
    live: ['process.logging.level', 'settings.version', 'settings.sample.pending'],
    restart: ['process.listen', 'process.limits.body_size'],
  });
});

test('a list of a flag is written as in the file', () => {
  const override = (value: string) => ({ path: 'settings.disabled', value, source: '--set' });
  const read = (value: string) =>
    readConfig({
      overrides: [override(value)],
      env: {},
      readFile: () => '',
      resolve: (path) => path,
    });
  expect(read('[anomalies, events]').settings.disabled).toEqual(['anomalies', 'events']);
  expect(() => read('[anomalies')).toThrow('settings.disabled: expected a list');
});

test('every key of the schema is described', () => {
  const missing: string[] = [];
  const visit = (schema: JsonSchema, path: string): void => {
    for (const [name, child] of Object.entries(schema.properties ?? {})) {
      if (!child.description) missing.push(`${path}.${name}`);
      visit(child, `${path}.${name}`);
      if (child.items) visit(child.items, `${path}.${name}[]`);
    }
  };
  visit(configJsonSchema(), '');
  expect(missing).toEqual([]);
});

test.each([
  [1, '1B'],
  [1024, '1KB'],
  [768 * 1024, '768KB'],
  [1_500_000, '1500000B'],
  [2 ** 41, '2TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
  expect(parseSize(text)).toBe(bytes);
});

test.each([
  [0, '0s'],
  [5, '5ms'],
  [90_000, '1m30s'],
  [86_400_000, '1d'],
])('%d ms are %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
