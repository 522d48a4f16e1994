import { createHash } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';
import { messageOf, SeastateError } from '../core/errors.ts';

/**
 * Bundles files of users' processors into one ES module that needs nothing else, writes it to
 * `<folder>/bundles/<sha256>.mjs` and returns the sha-256 (hex): the name by which settings, log
 * and snapshots know this code. Same files, same bytes. Error: `bundle_failed`.
 */
export async function buildBundle(files: readonly string[], folder: string): Promise<string> {
  const code = await bundle(files);
  const sha256 = createHash('sha256').update(code).digest('hex');
  await mkdir(join(folder, 'bundles'), { recursive: true });
  const path = join(folder, 'bundles', `${sha256}.mjs`);
  await writeFile(`${path}.tmp`, code, { flush: true });
  await rename(`${path}.tmp`, path);
  return sha256;
}

async function bundle(files: readonly string[]): Promise<Uint8Array> {
  const { build } = await import('esbuild');
  const entry = files.map((file) => `export * from ${JSON.stringify(file)};`).join('\n');
  try {
    const { outputFiles } = await build({
      stdin: { contents: entry, resolveDir: process.cwd(), loader: 'ts' },
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      conditions: ['import'],
      target: 'node24',
      charset: 'utf8',
      legalComments: 'none',
      logLevel: 'silent',
      plugins: [closedModules, ourselves],
    });
    return outputFiles[0]!.contents;
  } catch (error) {
    throw new SeastateError('bundle_failed', `processors cannot be bundled: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Processors do no I/O: Node's own modules are refused where they are imported. */
const closedModules: Plugin = {
  name: 'closed-modules',
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ path }) => {
      if (!isBuiltin(path)) return undefined;
      const text = `${path} is closed to processors: they see their log and nothing else`;
      return { errors: [{ text }] };
    });
  },
};

/** `import ... from 'seastate'` is this program. */
const ourselves: Plugin = {
  name: 'ourselves',
  setup({ onResolve }) {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const path = fileURLToPath(new URL(`../index.${extension}`, import.meta.url));
    onResolve({ filter: /^seastate$/ }, () => ({ path }));
  },
};
