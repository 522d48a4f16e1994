/**
 * `npm run check [-- NAME ...]`: types, page (types of the live page), lint (with format), dead
 * (files, exports, dependencies) and imports (direction, cycles). Says what is wrong and exits 1;
 * says little when all is well.
 */
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';

const root = process.cwd();
const checks: Readonly<Record<string, readonly [command: string, ...args: string[]]>> = {
  types: ['tsc', '--pretty', 'false'],
  page: ['tsc', '--pretty', 'false', '-p', 'web'],
  lint: ['biome', 'check', '--error-on-warnings', '--colors=off', '--max-diagnostics=50'],
  dead: ['knip', '--no-progress'],
  imports: ['node', 'scripts/check/imports.ts'],
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !checks[name]);
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}; known are ${Object.keys(checks).join(', ')}`);
  process.exit(2);
}

const names = wanted.length > 0 ? wanted : Object.keys(checks);
const results = await Promise.all(names.map(runCheck));
process.exitCode = results.every(Boolean) ? 0 : 1;

/** Runs one check and prints what it says as one piece; resolves to whether all is well. */
function runCheck(name: string): Promise<boolean> {
  const started = performance.now();
  const [command, ...args] = checks[name]!;
  const path = `${join(root, 'node_modules/.bin')}${delimiter}${process.env['PATH']}`;
  const child = spawn(command, args, { cwd: root, env: { ...process.env, PATH: path } });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  return new Promise((resolve) => {
    const finish = (isGood: boolean): void => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      if (!isGood) console.error(output.trimEnd());
      console.error(`${name}: ${isGood ? 'good' : 'NOT GOOD'} (${seconds} s)`);
      resolve(isGood);
    };
    child.on('error', (error) => {
      output += error.message;
      finish(false);
    });
    child.on('close', (code) => finish(code === 0));
  });
}
