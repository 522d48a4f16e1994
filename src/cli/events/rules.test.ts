import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openConfig } from '../../config/open.ts';
import { messageOf } from '../../core/errors.ts';
import { meshFamily } from '../../processors/events/mesh.test-kit.ts';
import { stages } from '../../processors/stages.ts';
import { settingsFaults } from '../../user-code/settings-faults.ts';
import { processorSections } from '../load-config.ts';
import { readRules } from './rules.ts';
import { eventsTest } from './test.ts';

const folder = mkdtempSync(join(tmpdir(), 'seastate-rules-'));
afterAll(() => rmSync(folder, { recursive: true }));

const mistakes: readonly [from: string, to: string, line: number, said: string][] = [
  [
    'end: [mesh-mended]',
    'end: [mesh-mendet]',
    17,
    'end[0]: there is no signal "mesh-mendet"; did you mean mesh-mended?',
  ],
  [
    'severity: warning',
    'severity: warnig',
    14,
    'severity: expected one of info, warning, critical, got "warnig"; did you mean warning?',
  ],
  [
    'quiet: 10m',
    'track: intervall',
    18,
    'track: use one of interval, instant, storm, change, not "intervall"; did you mean interval?',
  ],
  [
    'quiet: 10m',
    'effects: [node_lots]',
    18,
    'effects[0]: there is no fact "node_lots"; did you mean node_lost?',
  ],
  ['quiet: 10m', 'quite: 10m', 18, 'quite: unknown key; did you mean quiet?'],
  ['quiet: 10m', 'quiet: ten', 18, 'quiet: write a duration like 30s, 5m or 1h30m'],
];

async function faultsIn(text: string): Promise<string[]> {
  const file = join(folder, 'own.yaml');
  writeFileSync(file, text);
  try {
    await readRules(file);
    return [];
  } catch (error) {
    return messageOf(error).replaceAll(`${folder}/`, '').split('\n');
  }
}

test('a good file is read', async () => {
  expect(await faultsIn(meshFamily)).toEqual([]);
});

test.each(mistakes)('%s: %s', async (from, to, line, said) => {
  const [fault, ...more] = await faultsIn(meshFamily.replace(from, to));
  expect(more).toEqual([]);
  expect(fault).toMatch(new RegExp(`^own\\.yaml:${line}:\\d+: rules\\[0\\]\\.`));
  expect(fault).toContain(said);
});

test('what is no YAML and what is no pattern is told with its place', async () => {
  expect((await faultsIn('signals: ['))[0]).toMatch(/^own\.yaml:1:\d+: /);
  expect((await faultsIn(meshFamily.replace('(?<peers>', '(?<peers')))[0]).toMatch(
    /^own\.yaml:6:\d+: signals\[0\]\.event\.message: regex: Invalid capture group name/,
  );
});

test('the configuration is checked as well', async () => {
  const sections = await processorSections();
  const rules = meshFamily
    .replace('[mesh-mended]', '[mesh-mendet]')
    .trim()
    .replaceAll('\n', '\n        ');
  const file = join(folder, 'seastate.yaml');
  writeFileSync(file, `settings:\n  events:\n    rules:\n      - ${rules}\n`);
  const { config, mistakes } = openConfig({ path: file, sections, env: {} });
  expect(mistakes(settingsFaults(stages, config.settings)).message).toMatch(
    /seastate\.yaml:19:\d+: settings\.events\.rules\[0\]\.rules\[0\]\.end\[0\]: there is no/,
  );
});

test('the example of the documentation does what it says', async () => {
  const page = new URL('../../../docs/how-to/own-events.md', import.meta.url);
  const blocks = [...readFileSync(page, 'utf8').matchAll(/```\w+\n(.*?)```/gs)].map(([, b]) => b!);
  const [rules, records, told, unclassified] = blocks;
  const files = { rules: join(folder, 'backups.yaml'), records: join(folder, 'records.jsonl') };
  writeFileSync(files.rules, rules!);
  writeFileSync(files.records, records!);
  let [out, err] = ['', ''];
  const io = {
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
  };
  expect(await eventsTest({ files: [files.records], rules: [files.rules] }, io)).toBe(0);
  expect(out).toBe(told);
  expect(err).toBe(unclassified);
});
