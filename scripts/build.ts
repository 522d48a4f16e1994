/**
 * `npm run build`: src/ compiled into dist/, as a package needs it (Node does not run TypeScript
 * below node_modules), and the live page into web/dist.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
run('node_modules/.bin/tsc', '-p', 'tsconfig.build.json');
// Files that are read at run time stand beside the code.
for (const file of globSync('src/**/*.{yaml,json}').filter((name) => !name.includes('fixtures'))) {
  cpSync(file, file.replace(/^src/, 'dist'));
}
for (const file of globSync('dist/**/*.{js,d.ts}')) {
  const text = readFileSync(file, 'utf8');
  const mended = file.endsWith('.js') ? mendUrls(text) : mendTypes(text);
  if (mended !== text) writeFileSync(file, mended);
}
// The set-up builds web/dist, where it is not up to date.
run(process.execPath, 'scripts/setup.mjs', 'start');

/** The compiler changes imports, but not the files that workers are started from. */
function mendUrls(text: string): string {
  return text.replace(
    /(new URL\(\s*['"]\.{1,2}\/[^'"]+)\.ts(['"],\s*import\.meta\.url)/g,
    '$1.js$2',
  );
}

/** It changes imports in code, but not in declarations. */
function mendTypes(text: string): string {
  return text.replace(/((?:from|import|import\()\s*['"]\.{1,2}\/[^'"]+)\.ts(['"])/g, '$1.js$2');
}

function run(command: string, ...args: string[]): void {
  const { status, error } = spawnSync(command, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
