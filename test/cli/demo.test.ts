import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../parts/seastate.ts';

const program = join(import.meta.dirname, '..', '..', 'bin', 'seastate');

test('demo tells where it is, something fires, and it leaves nothing behind', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'seastate-demo-test-'));
  const child = spawn(
    process.execPath,
    [program, 'demo', '--clusters', '1', '--listen', '127.0.0.1:0'],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, TMPDIR: folder } },
  );
  const exit = once(child, 'exit');
  let talk = '';
  child.stderr.on('data', (chunk) => {
    talk += chunk;
  });
  const alerts = async (): Promise<{ tenant: string; state: string }[]> => {
    const url = /Seastate runs on (\S+)/.exec(talk)![1]!;
    const body = (await (await fetch(`${url}/api/v1/alerts`)).json()) as {
      data: { alerts: { tenant: string; state: string }[] };
    };
    return body.data.alerts;
  };
  try {
    await until(() => talk.includes('Seastate runs on '));
    expect(talk).toContain('remote_write:');
    await until(async () => (await alerts()).length > 0);
    expect(new Set((await alerts()).map(({ tenant }) => tenant))).toEqual(new Set(['demo']));
    await until(() => talk.includes('now it runs with the clock'), 120_000);
  } finally {
    child.kill('SIGTERM');
    const [code] = await exit;
    expect(code, talk).toBe(0);
  }
  const left = (await readdir(folder)).filter((name) => name.startsWith('seastate'));
  expect(left).toEqual([]);
  await rm(folder, { recursive: true });
});
