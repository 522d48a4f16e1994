import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { codesInSource, errorCodes } from '../../scripts/docs/errors.ts';
import { referencePages } from '../../scripts/docs/pages.ts';

const root = join(import.meta.dirname, '..', '..');

test('docs/reference is what npm run docs makes', async () => {
  for (const [name, text] of Object.entries(await referencePages())) {
    expect(readFileSync(join(root, 'docs/reference', name), 'utf8'), name).toBe(text);
  }
});

test('every error code is described, and every description is of one', () => {
  const inSource = codesInSource();
  expect(inSource.filter((code) => !(code in errorCodes))).toEqual([]);
});

const pages = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'],
  {
    cwd: root,
    encoding: 'utf8',
  },
)
  .split('\n')
  .filter((name) => name !== '' && existsSync(join(root, name)));

test.each(pages)('links of %s lead somewhere', (name) => {
  const text = readFileSync(join(root, name), 'utf8').replace(/```[\s\S]*?```/g, '');
  const broken: string[] = [];
  for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^(https?:|mailto:|#)/.test(target!)) continue;
    const path = join(root, dirname(name), target!.split('#')[0]!);
    if (!existsSync(path)) broken.push(target!);
  }
  expect(broken).toEqual([]);
});
