import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { promtool } from '../parts/programs.ts';
import { Seastate, until } from '../parts/seastate.ts';

let folder = '';
let file = '';
let seastate: Seastate;

const config = (version: number, more = ''): string =>
  `process:\n  partitions: 2\nsettings:\n  version: ${version}\n${more}`;
const logged = (words: string): string[] => seastate.log.filter((line) => line.includes(words));
const metric = async (name: string): Promise<number> => {
  const text = await (await fetch(`${seastate.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seastate-run-'));
  file = join(folder, 'seastate.yaml');
  await writeFile(file, config(1));
  seastate = await (await Seastate.create('-c', file)).start();
});
afterAll(async () => {
  await seastate.close();
  await rm(folder, { recursive: true, force: true });
});

test('status, beside the running process', async () => {
  const { code, out } = await seastate.cli('status', '--url', seastate.url, '-o', 'json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject([{ ready: true, partitions: [{}, {}] }]);
});

test.skipIf(!promtool)('promtool finds no fault in our metrics', async () => {
  const text = await (await fetch(`${seastate.url}/metrics`)).text();
  const { stdout, stderr, status } = spawnSync(promtool!, ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  // Names that prom-client gave and Prometheus would not.
  const ours = (stdout + stderr).split('\n').filter((line) => line.startsWith('seastate_'));
  expect(ours).toEqual([]);
  expect(status, stderr).not.toBe(1);
});

test('SIGHUP takes a good file, and keeps the last good one before a bad one', async () => {
  await writeFile(file, config(2, '  keep: [up]\n'));
  process.kill(seastate.pid, 'SIGHUP');
  await until(() => logged('configuration read again').length === 1);
  expect(logged('configuration read again')[0]).toContain('settings.keep');
  await until(async () => (await metric('seastate_config_last_reload_successful')) === 1);

  await writeFile(file, config(3, '  kep: [up]\n'));
  process.kill(seastate.pid, 'SIGHUP');
  await until(() => logged('reload failed').length === 1);
  expect(logged('reload failed')[0]).toContain(`${file}:5:3: settings.kep: unknown key`);
  expect(await metric('seastate_config_last_reload_successful')).toBe(0);
});

test('the same version with other content is refused over HTTP too', async () => {
  await writeFile(file, config(2, '  keep: [down]\n'));
  const answer = await fetch(`${seastate.url}/-/reload`, { method: 'POST' });
  expect(answer.status).toBe(500);
  expect(await answer.text()).toContain('settings version 2 is in force with other content');
});

test('a key that needs a restart is named', async () => {
  await writeFile(file, config(4).replace('partitions: 2', 'partitions: 2\n  workers: 2'));
  expect((await fetch(`${seastate.url}/-/reload`, { method: 'POST' })).status).toBe(200);
  expect(logged('need a restart').at(-1)).toContain('process.workers');
});

test('a second process on the same folder is refused with a reason', async () => {
  const { code, err } = await seastate.cli(
    'run',
    '--listen',
    '127.0.0.1:0',
    '--data',
    seastate.folder,
  );
  expect(code).toBe(1);
  expect(err).toMatch(/another process|locked|process \d+/);
});

test('an address that is taken is refused with a reason', async () => {
  const { host } = new URL(seastate.url);
  const { code, err } = await seastate.cli(
    'run',
    '--listen',
    host,
    '--data',
    join(folder, 'other'),
  );
  expect(code).toBe(1);
  expect(err).toContain(host);
});

test('SIGTERM drains and ends with 0', async () => {
  expect(await seastate.stop()).toBe(0);
  expect(logged('"stopped"')).toHaveLength(1);
});
