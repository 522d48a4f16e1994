import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { SeastateError } from '../core/errors.ts';
import { ourModules } from './bundle.ts';
import { isOurs } from './origins.ts';

/**
 * Type-checks users' files and what they import, strictly and with the library of the language
 * alone: there is no clock, file or network to call. Returns the mistakes as `file:line:column:
 * what`. Error: `type_check` when the compiler cannot run.
 */
export async function typeCheck(files: readonly string[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'seastate-types-'));
  try {
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(projectOf(files)));
    const output = await compile(folder);
    return mistakesIn(output, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function projectOf(files: readonly string[]) {
  const compilerOptions = {
    target: 'es2024',
    lib: ['es2024', 'esnext.iterator'],
    module: 'preserve',
    moduleResolution: 'bundler',
    types: [],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    paths: {
      seastate: [ourModules.seastate.replace(/\.js$/, '.d.ts')],
      zod: [ourModules.zod],
    },
  };
  return { compilerOptions, files };
}

/** What the compiler prints; it ends with 1 or 2 where there are mistakes. */
async function compile(folder: string): Promise<string> {
  const compiler = createRequire(import.meta.url).resolve('typescript/package.json');
  const args = [join(dirname(compiler), 'bin/tsc'), '-p', folder, '--pretty', 'false'];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const { promise, resolve: done, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject).once('close', done);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const code = await promise;
  if (code === 0 || /error TS\d+/.test(output)) return output;
  throw new SeastateError('type_check', `the TypeScript compiler ended with ${code}: ${output}`);
}

function mistakesIn(output: string, folder: string): string[] {
  const mistakes: string[] = [];
  let skips = false;
  for (const line of output.split('\n')) {
    const [, file, row, column, what] =
      /^(.+?)\((\d+),(\d+)\): error TS\d+: (.*)$/.exec(line) ?? [];
    if (file !== undefined) {
      const path = resolve(folder, file);
      skips = isOurs(path);
      if (!skips) mistakes.push(`${path}:${row}:${column}: ${what}`);
    } else if (/^error TS\d+/.test(line)) {
      mistakes.push(line);
    } else if (line.startsWith('  ') && !skips && mistakes.length > 0) {
      mistakes.push(`${mistakes.pop()}\n${line}`);
    }
  }
  return mistakes;
}
