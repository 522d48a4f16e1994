import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** The set-up in a tree of its own, where packages and Node are there and nothing else is. */
const root = join(import.meta.dirname, '..', '..');
let tree = '';

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), 'seastate-setup-'));
  const put = (name: string): void =>
    cpSync(join(root, name), join(tree, name), { recursive: true });
  for (const name of ['scripts', 'package.json', 'package-lock.json']) put(name);
  put('node_modules/.package-lock.json');
  for (const name of ['node_modules/node/bin', 'node_modules/.bin', 'bin']) {
    mkdirSync(join(tree, name), { recursive: true });
  }
  symlinkSync(process.execPath, join(tree, 'node_modules/node/bin/node'));
  symlinkSync('../node/bin/node', join(tree, 'node_modules/.bin/node'));
});
afterAll(() => rmSync(tree, { recursive: true, force: true }));

function setup(...args: string[]): { code: number | null; err: string } {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/setup.mjs', ...args], {
    cwd: tree,
    encoding: 'utf8',
    // Nothing can be found there: no apt-get, no Go, no Java.
    env: { PATH: join(tree, 'bin') },
  });
  return { code: status, err: stderr };
}

test('without a word when there is nothing to do', () => {
  expect(setup('start')).toEqual({ code: 0, err: '' });
});

test('what is missing is named, and how to get it', () => {
  const { code, err } = setup('test');
  expect(code).toBe(1);
  expect(err).toContain('prometheus: "apt-get" is not installed');
  expect(err).toContain('how to get it: a Debian or Ubuntu with apt-get');
  expect(err).toContain('not ready after');
});

test('what may be missing is told and does not fail the rest', () => {
  mkdirSync(join(tree, '.cache/prometheus-debian/usr/bin'), { recursive: true });
  writeFileSync(join(tree, '.cache/prometheus-debian/usr/bin/prometheus'), '');
  const { code, err } = setup('test');
  expect(err).toContain('chromium:');
  expect(err).toContain('going on without it');
  expect(code).toBe(0);
});

test('a step that must be there stops those after it', () => {
  const lock = join(tree, 'node_modules/.package-lock.json');
  const before = readFileSync(lock, 'utf8');
  writeFileSync(lock, '{"packages": {}}');
  try {
    const { code, err } = setup('start');
    expect(code).toBe(1);
    expect(err).toContain('npm packages: npm ci: ');
    expect(err).not.toContain('node: fetching');
  } finally {
    writeFileSync(lock, before);
  }
});

test('what is built is stale where its sources changed since, and are not those of the set-up', () => {
  const put = (name: string, text: string, seconds: number): void => {
    mkdirSync(dirname(join(tree, name)), { recursive: true });
    writeFileSync(join(tree, name), text);
    utimesSync(join(tree, name), seconds, seconds);
  };
  const isStale = (): string => {
    const code = `import { isStale, stamp, contentHash } from './scripts/setup/house.mjs';
      import { webPage } from './scripts/setup/web.mjs';
      const before = isStale(webPage);
      stamp('web', contentHash(webPage.sources));
      console.log(before, isStale(webPage));`;
    const args = ['--input-type=module', '-e', code];
    return spawnSync(process.execPath, args, { cwd: tree, encoding: 'utf8' }).stdout.trim();
  };
  try {
    utimesSync(join(tree, 'package-lock.json'), 1, 1);
    put('web/index.html', 'source', 1_000);
    // Without a page there is nothing that could be stale.
    expect(isStale()).toBe('false false');
    put('web/src/main.ts', 'source', 2_000);
    put('web/dist/index.html', 'built', 3_000);
    expect(isStale()).toBe('false false');
    put('web/src/main.ts', 'changed', 4_000);
    expect(isStale()).toBe('true false');
  } finally {
    rmSync(join(tree, 'web'), { recursive: true });
  }
});

test('wrong use', () => {
  expect(setup('everything')).toMatchObject({ code: 2 });
});

test('bin/seastate under an old Node without the pinned one says what to do', () => {
  // The check is of process.versions, so any Node can play an old one.
  const program = readFileSync(join(root, 'bin/seastate'), 'utf8').replace(
    'process.versions.node',
    "'20.1.0'",
  );
  const file = join(tree, 'old', 'bin', 'seastate.mjs');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, program);
  const { status, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stderr).toContain('seastate needs Node 24.6 or newer');
});
