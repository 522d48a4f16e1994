import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runOnce } from './run-once.ts';

const folder = mkdtempSync(join(tmpdir(), 'seastate-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

const none = join(folder, 'none');
const good = join(folder, 'good.csv');
writeFileSync(good, 'time,value\n1700000000,1\n1700000060,2\n');
const own = join(folder, 'own');
mkdirSync(own);

test.each([
  ['score', [none], 2],
  ['score', ['--model', `${none}.ts`, good], 2],
  ['events', ['test', none], 2],
  ['events', ['test', '--rules', none, good], 2],
  ['status', ['--token-file', none], 2],
  ['replay', ['--url', 'http://127.0.0.1:1/x', '--token-file', none], 2],
  ['check', [none], 1],
])('%s %j says that there is no such file, and nothing else', async (verb, args, code) => {
  const said = await runOnce([verb, ...args]);
  const name = args.find((each) => each.startsWith(none))!;
  const err = `seastate: cannot read ${name}: there is no such file\n`;
  expect(said).toEqual({ code, out: '', err });
});

test('a folder is no file', async () => {
  for (const args of [['score'], ['events', 'test']]) {
    const said = await runOnce([...args, own]);
    expect(said).toEqual({
      code: 2,
      out: '',
      err: `seastate: cannot read ${own}: it is a folder\n`,
    });
  }
});

test.each([
  ['run', '--listen', '127.0.0.1:0'],
  ['tail', 'alerts', '--no-follow'],
  ['explain', 'up'],
  ['replay', '--url', 'http://127.0.0.1:1/x'],
  ['skip', '--partition', '0', '--offset', '1', '--reason', 'x'],
  ['pull', '--partition', '0', '--to', join(own, 'pulled')],
])('%s: a data folder that is a file is told in one line', async (...args) => {
  const { code, out, err } = await runOnce([...args, '--data', good]);
  expect([code, out]).toEqual([1, '']);
  expect(err).toMatch(
    /^seastate: cannot (make|open|read|use) .*good\.csv\S*: a part .* is no folder\n$/,
  );
});

test('a token file that is a folder is told as such by replay', async () => {
  const said = await runOnce(['replay', '--url', 'http://127.0.0.1:1/x', '--token-file', own]);
  const err = `seastate: cannot read ${own}: it is a folder\n`;
  expect(said).toEqual({ code: 2, out: '', err });
});
