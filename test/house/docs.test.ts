import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
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

test('the page on HTTP has every path that the server answers', () => {
  const page = readFileSync(join(root, 'docs/how-to/api.md'), 'utf8');
  const routes = join(root, 'src/server/routes');
  const paths = readdirSync(routes)
    .filter((name) => !name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(routes, name), 'utf8'))
    .flatMap((text) => [...text.matchAll(/['`](\/(?:api|-|metrics)[^'`$]*)['`]/g)])
    .map(([, path]) => path!);
  expect(paths.length).toBeGreaterThan(8);
  expect(paths.filter((path) => !page.includes(path))).toEqual([]);
});
