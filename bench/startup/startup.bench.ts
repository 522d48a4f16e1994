import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { BenchCase } from '../bench-case.ts';

const program = join(import.meta.dirname, '..', '..', 'bin', 'seastate');
const repeats = 7;

/** Milliseconds until `seastate ARGS` has ended. */
function untilEnd(args: readonly string[]): Promise<number> {
  const started = performance.now();
  const child = spawn(process.execPath, [program, ...args], { stdio: 'ignore' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0) resolve(performance.now() - started);
      else reject(new Error(`seastate ${args.join(' ')} ended with ${code}`));
    });
  });
}

/** Milliseconds until `seastate run` in an empty folder takes writes. */
async function untilReady(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'seastate-startup-'));
  const started = performance.now();
  const args = ['run', '--listen', '127.0.0.1:0', '--data', folder];
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    const url = await new Promise<string>((resolve, reject) => {
      child.on('exit', (code) => reject(new Error(`seastate run ended with ${code}`)));
      createInterface({ input: child.stderr }).on('line', (line) => {
        const found = /"url":"([^"]+)"/.exec(line)?.[1];
        if (found) resolve(found);
      });
    });
    while (!(await fetch(`${url}/-/ready`)).ok) await new Promise((go) => setTimeout(go, 5));
    return performance.now() - started;
  } finally {
    const ended = new Promise((resolve) => child.on('close', resolve));
    if (child.exitCode === null && child.signalCode === null) {
      child.kill();
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  }
}

/** The first run fills the compile cache and does not count. */
async function measured(run: () => Promise<number>): Promise<Record<string, number>> {
  await run();
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) times.push(await run());
  times.sort((a, b) => a - b);
  return { medianMs: times[Math.floor(repeats / 2)]!, longestMs: times.at(-1)! };
}

export const cases: readonly BenchCase[] = [
  { name: 'startup/help', run: () => measured(() => untilEnd(['--help'])) },
  { name: 'startup/check', run: () => measured(() => untilEnd(['check'])) },
  { name: 'startup/ready', run: () => measured(untilReady) },
];
