/**
 * `npm run docs`: writes docs/reference/ from the schemas, the command line and the code, so that
 * it cannot be out of date; `--check` only says what is, and exits 1.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { referencePages } from './docs/pages.ts';

const folder = 'docs/reference';
const check = process.argv.includes('--check');
mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(await referencePages())) {
  const path = join(folder, name);
  if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
  if (check) {
    console.error(`${path} is out of date: npm run docs`);
    process.exitCode = 1;
  } else {
    writeFileSync(path, text);
    console.error(`wrote ${path}`);
  }
}
