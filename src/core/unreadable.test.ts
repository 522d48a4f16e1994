import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { pathFault } from './unreadable.ts';

const folder = mkdtempSync(join(tmpdir(), 'seastate-unreadable-'));
afterAll(() => rmSync(folder, { recursive: true }));
const none = join(folder, 'none');
const file = join(folder, 'file');
writeFileSync(file, '');

test.each<[string, () => void]>([
  [
    `cannot open ${none}/out.csv: there is no such file`,
    () => writeFileSync(`${none}/out.csv`, ''),
  ],
  [`cannot open ${folder}: it is a folder`, () => writeFileSync(folder, '')],
  [`cannot read ${none}: there is no such file`, () => readdirSync(none)],
  [`cannot make ${file}/in: a part of the path is no folder`, () => mkdirSync(`${file}/in`)],
])('%s', (said, call) => {
  let thrown: unknown;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  expect(pathFault(thrown)).toBe(said);
});

test('what names no path is not of this kind', () => {
  expect(pathFault(new Error('other'))).toBeUndefined();
  expect(pathFault(undefined)).toBeUndefined();
});
