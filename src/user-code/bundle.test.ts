import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bundleFiles, putBundle } from './bundle.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seastate-bundle-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const write = async (name: string, code: string): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, code);
  return path;
};

const processor = (name: string) =>
  `import { defineProcessor } from 'seastate';\nimport { name } from './name.ts';\n` +
  `export const ${name} = defineProcessor({ name: name + '${name}', version: 1 as number, outputs: [], create: () => ({}) });\n`;

test('files become one module that needs nothing else, named by its content', async () => {
  await write('name.ts', 'export const name: string = "my-";');
  const files = [await write('a.ts', processor('a')), await write('b.ts', processor('b'))];
  const bundle = await bundleFiles({ processors: files, models: [] });
  const { sha256 } = bundle;
  expect((await bundleFiles({ processors: files, models: [] })).sha256).toBe(sha256);
  await putBundle(bundle, folder);
  const path = join(folder, 'bundles', `${sha256}.mjs`);
  expect(await readFile(path, 'utf8')).not.toMatch(/(^|;)import\b/m);
  const module = await import(path);
  const [[, a], [, b]] = module.processors;
  expect([a.a.name, b.b.name]).toEqual(['my-a', 'my-b']);
  await write('name.ts', 'export const name: string = "other-";');
  expect((await bundleFiles({ processors: files, models: [] })).sha256).not.toBe(sha256);
});

test('the name depends neither on where files stand nor on where they are bundled', async () => {
  const here = process.cwd();
  const names = new Set<string>();
  try {
    for (const place of ['a', 'deeper/by/far']) {
      const own = join(folder, place);
      await mkdir(own, { recursive: true });
      await write(join(place, 'name.ts'), 'export const name: string = "my-";');
      const file = await write(join(place, 'a.ts'), processor('a'));
      for (const cwd of [own, folder]) {
        process.chdir(cwd);
        names.add((await bundleFiles({ processors: [file], models: [] })).sha256);
      }
    }
  } finally {
    process.chdir(here);
  }
  expect(names.size).toBe(1);
});

test.each([
  ["import { readFileSync } from 'node:fs'; export const a = readFileSync;", /node:fs is closed/],
  ["import { missing } from './missing.ts'; export const a = missing;", /missing\.ts/],
  ['export const a = ;', /a\.ts:1:17/],
])('%s is refused with the place', async (code, message) => {
  const file = await write('a.ts', code);
  await expect(bundleFiles({ processors: [file], models: [] })).rejects.toThrow(message);
});
