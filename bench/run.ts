import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BenchCase } from './bench-case.ts';

/**
 * Runs the cases of bench/*\/*.bench.ts whose name matches one of the arguments (regular
 * expressions; none: all), prints a table and writes bench/results/<name>.json.
 */
const folder = import.meta.dirname;
const patterns = process.argv.slice(2).map((text) => new RegExp(text));
const hardware = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  node: process.version,
  platform: `${process.platform}-${process.arch}`,
};
const format = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });

async function findCases(): Promise<BenchCase[]> {
  const cases: BenchCase[] = [];
  for (const file of globSync('*/*.bench.ts', { cwd: folder }).sort()) {
    const module = (await import(pathToFileURL(join(folder, file)).href)) as { cases: BenchCase[] };
    cases.push(...module.cases);
  }
  return cases.filter(({ name }) => !patterns.length || patterns.some((p) => p.test(name)));
}

const chosen = await findCases();
if (chosen.length === 0) {
  process.stderr.write(`no bench case matches ${process.argv.slice(2).join(' ')}\n`);
  process.exitCode = 2;
}
mkdirSync(join(folder, 'results'), { recursive: true });
for (const { name, run } of chosen) {
  const figures = await run();
  const columns = Object.entries(figures).map(([key, value]) => `${key} ${format.format(value)}`);
  process.stdout.write(`${name.padEnd(44)} ${columns.join('  ')}\n`);
  const result = { name, measured: new Date().toISOString(), hardware, figures };
  const file = `${name.replaceAll(/[^\w.-]+/g, '-')}.json`;
  writeFileSync(join(folder, 'results', file), `${JSON.stringify(result, null, 2)}\n`);
}
