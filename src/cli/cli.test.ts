import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { app } from './app.ts';
import { runOnce } from './run-once.ts';

const folder = mkdtempSync(join(tmpdir(), 'seastate-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const root = app.root as unknown as {
  getAllEntries(): readonly { readonly name: { readonly original: string } }[];
};
const verbs = root.getAllEntries().map(({ name }) => name.original);

describe('help', () => {
  test('of the program', async () => {
    const { code, out, err } = await runOnce(['--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    await expect(out).toMatchFileSnapshot('golden/help.txt');
  });

  test.each(verbs)('of %s', async (verb) => {
    const { code, out } = await runOnce([verb, '--help']);
    expect(code).toBe(0);
    await expect(out).toMatchFileSnapshot(`golden/help-${verb}.txt`);
  });
});

describe('wrong usage exits 2 and says what would be right', () => {
  test.each([
    [['chek'], 'did you mean `check`'],
    [['tail', '--form', '-1h'], 'from'],
    [['tail', 'alarms'], 'there is no "alarms" to tail: alerts,'],
    [['tail', '--from', 'yesterday'], '"yesterday" is not a time'],
    [['tail', 'alerts', '{a=b}'], 'column 4: expected a string in quotes'],
    [['tail', '--limit', '0'], '"0" is not a whole number above 0'],
    [['check', '-o', 'xml'], '-o'],
    [['version', '-o', 'xml'], 'table|json|jsonl|csv'],
  ])('%j', async (args, says) => {
    const { code, out, err } = await runOnce(args);
    expect(err).toContain(says);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });
});

describe('check', () => {
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  test('a good file', async () => {
    const path = file('good.yaml', 'settings: {version: 3, alerts: {pending: true}}\n');
    const { code, out, err } = await runOnce(['check', path]);
    expect({ code, out, err }).toEqual({
      code: 0,
      out: '',
      err: `${path}: good (settings version 3)\n`,
    });
  });

  test('a bad file exits 1 with every mistake', async () => {
    const path = file('bad.yaml', 'process:\n  lisen: x\nsettings:\n  alerts: {pendin: true}\n');
    const { code, err } = await runOnce(['check', path]);
    expect(code).toBe(1);
    expect(err).toContain(`${path}:2:3: process.lisen: unknown key; did you mean listen?`);
    expect(err).toContain(
      `${path}:4:12: settings.alerts.pendin: unknown key; did you mean pending?`,
    );
  });

  test('a missing file', async () => {
    const { code, err } = await runOnce(['check', '/nowhere.yaml']);
    expect(code).toBe(1);
    expect(err).toContain('cannot read /nowhere.yaml: there is no such file');
  });

  test('--show prints what is in force: flags over environment over file', async () => {
    const path = file('show.yaml', 'process: {listen: "127.0.0.1:1", data: /a}\n');
    const env = { SEASTATE_LISTEN: '127.0.0.1:2', SEASTATE_PARTITIONS: '7' };
    const { code, out } = await runOnce(['check', '--show', '--data', '/b', path], env);
    expect(code).toBe(0);
    expect(out).toContain('listen: 127.0.0.1:2\n');
    expect(out).toContain('data: /b\n');
    expect(out).toContain('partitions: 7\n');
    expect(out).toContain('body_size: 32MB\n');
  });
});

describe('status', () => {
  test('of a server that is not there exits 1', async () => {
    const { code, out, err } = await runOnce(['status', '--url', 'http://127.0.0.1:1']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('no answer from http://127.0.0.1:1');
    expect(err).toContain('is it running');
  });
});

test('version', async () => {
  const { out } = await runOnce(['version', '-o', 'json']);
  expect(JSON.parse(out)).toEqual([
    {
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      node: process.version,
      platform: expect.any(String),
    },
  ]);
});
