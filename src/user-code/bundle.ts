import { createHash } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';
import { messageOf, SeastateError } from '../core/errors.ts';

/** Files of users by what is looked for in them: `process.processors` and `process.models`. */
export interface UserFiles {
  readonly processors: readonly string[];
  readonly models: readonly string[];
}

/** Users' code as one ES module that needs nothing else. */
export interface Bundle {
  readonly code: Uint8Array;
  /** Source map of the code, JSON. */
  readonly map: string;
  /** The name by which settings, log and snapshots know this code, hex. */
  readonly sha256: string;
  /** Sources in the map are below it. */
  readonly folder: string;
}

/**
 * Bundles users' files. Same files, same bytes. The module exports `processors` and `models`: pairs
 * of a file's name and what it exports. Error: `bundle_failed`.
 */
export async function bundleFiles(files: UserFiles): Promise<Bundle> {
  const { build } = await import('esbuild');
  // Names in the bundle stand from here, so that it does not depend on where it was started; paths
  // from here to our own modules stand in comments only, and go with the whitespace.
  const folder = dirname([...files.models, ...files.processors][0] ?? process.cwd());
  try {
    const { outputFiles } = await build({
      stdin: { contents: entryOf(files, folder), resolveDir: folder, loader: 'ts' },
      absWorkingDir: folder,
      outdir: folder,
      bundle: true,
      write: false,
      sourcemap: 'external',
      format: 'esm',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      conditions: ['import'],
      target: 'node24',
      charset: 'utf8',
      legalComments: 'none',
      minifyWhitespace: true,
      // It would tell where the bundle stands.
      define: { 'import.meta': '{}' },
      logLevel: 'silent',
      plugins: [closedModules, ourselves],
    });
    const map = outputFiles.find(({ path }) => path.endsWith('.map'))!.text;
    const code = outputFiles.find(({ path }) => path.endsWith('.js'))!.contents;
    const sha256 = createHash('sha256').update(code).digest('hex');
    return { code, map, sha256, folder };
  } catch (error) {
    throw new SeastateError('bundle_failed', `your code cannot be bundled: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Writes a bundle to where runners look for it, `<folder>/bundles/<sha256>.mjs`. */
export async function putBundle({ code, sha256 }: Bundle, folder: string): Promise<void> {
  await mkdir(join(folder, 'bundles'), { recursive: true });
  const path = join(folder, 'bundles', `${sha256}.mjs`);
  await writeFile(`${path}.tmp`, code, { flush: true });
  await rename(`${path}.tmp`, path);
}

function entryOf({ processors, models }: UserFiles, folder: string): string {
  const all = [...new Set([...processors, ...models])];
  const pairs = (files: readonly string[]): string =>
    files
      .map((file) => `[${JSON.stringify(relative(folder, file))}, file${all.indexOf(file)}]`)
      .join(', ');
  return [
    ...all.map((file, i) => `import * as file${i} from ${JSON.stringify(file)};`),
    `export const processors = [${pairs(processors)}];`,
    `export const models = [${pairs(models)}];`,
  ].join('\n');
}

/** Processors and models do no I/O: Node's own modules are refused where they are imported. */
const closedModules: Plugin = {
  name: 'closed-modules',
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ path }) => {
      if (!isBuiltin(path)) return undefined;
      const text = `${path} is closed to processors and models: they see their log and nothing else`;
      return { errors: [{ text }] };
    });
  },
};

/** Where `seastate` and `zod` stand: they are this program's, so that a file may stand anywhere. */
export const ourModules = {
  seastate: fileURLToPath(
    new URL(`../index.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
  ),
  zod: dirname(createRequire(import.meta.url).resolve('zod/package.json')),
};

const ourselves: Plugin = {
  name: 'ourselves',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^seastate$/ }, () => ({ path: ourModules.seastate }));
    onResolve({ filter: /^zod$/ }, ({ kind, pluginData }) =>
      pluginData === 'ours'
        ? undefined
        : resolve('zod', { resolveDir: ourModules.zod, kind, pluginData: 'ours' }),
    );
  },
};
