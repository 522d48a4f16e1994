import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/**
 * Who may import whom, by the first folder below src/ (DESIGN 7). An entry may name a file. A
 * folder may always import itself; files directly in src/ are listed by name. Tests and what they
 * share may import anything, and only they may import that. `packages` are the npm packages and
 * Node modules allowed, all when absent.
 */
interface Rule {
  readonly may: readonly string[];
  readonly packages?: readonly string[];
}

const parts = ['core', 'formats', 'config', 'log', 'engine', 'models', 'processors'];
const adapters = ['gateway', 'sources', 'sinks', 'self', 'testing'];
const openers = ['open-log.ts', 'open-sources.ts', 'stage-processors.ts', 'user-code'];
const all = [...parts, ...adapters, 'server', 'cli', ...openers];
/** The contract of the analytics, with the types that it names. */
const contract = [
  ...['processor', 'model', 'columns', 'moved', 'tables', 'selector-schema'].map(
    (name) => `engine/${name}.ts`,
  ),
  'log/log.ts',
];
/** Pure ones: the same input gives the same output. */
const pure = ['zod', 'yaml'];

export const importRules: Readonly<Record<string, Rule>> = {
  core: { may: [], packages: ['node:crypto'] },
  formats: { may: ['core'] },
  config: { may: ['core'] },
  log: { may: ['core', 'formats'] },
  engine: { may: ['core', 'formats', 'log'] },
  models: { may: ['core', ...contract], packages: pure },
  processors: {
    may: ['core', 'formats', 'models', 'log/feedback.ts', ...contract],
    packages: pure,
  },
  gateway: { may: ['core', 'formats', 'log', 'config'] },
  // The simulator sends as everything of ours that sends does.
  sources: { may: ['core', 'formats', 'log', 'config', 'sinks/remote-write/attempt.ts'] },
  sinks: { may: ['core', 'formats', 'log', 'config'] },
  testing: { may: parts },
  self: { may: [...parts, 'gateway', 'sources', 'sinks'] },
  server: { may: all },
  cli: { may: all },
  'index.ts': { may: [...parts, 'testing'] },
  'user-code': { may: parts },
  'runner.ts': { may: [...parts, 'stage-processors.ts'] },
  'stage-processors.ts': { may: [...parts, 'user-code'] },
  'open-log.ts': { may: ['core', 'config', 'log'] },
  'open-sources.ts': { may: ['core', 'config', 'log', 'gateway', 'sources', 'open-log.ts'] },
  'main.ts': { may: all },
};

/** An edge from one file to another file of ours, or to a package. */
interface Import {
  readonly line: number;
  readonly target: string;
  readonly kind: 'static' | 'type' | 'dynamic' | 'url';
}

const patterns: readonly (readonly [Import['kind'], RegExp])[] = [
  ['static', /^[ \t]*(?:import|export)\s+(?!type\b)(?:[^'"`;]*?\sfrom\s+)?(['"])([^'"]+)\1/gm],
  ['type', /^[ \t]*(?:import|export)\s+type\s[^'"`;]*?\sfrom\s+(['"])([^'"]+)\1/gm],
  ['type', /\bimport\((['"])([^'"]+)\1\)\.[A-Z]/g],
  ['dynamic', /\bimport\(\s*(['"])([^'"]+)\1\s*\)(?!\.[A-Z])/g],
  ['url', /\bnew\s+URL\(\s*(['"])(\.[^'"]+\.m?[jt]s)\1\s*,\s*import\.meta\.url/g],
];

/** All imports of a text, comments left out; workers and other `new URL` edges too. */
export function importsOf(source: string): Import[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, blank).replace(/^\s*\/\/.*$/gm, blank);
  return patterns.flatMap(([kind, pattern]) =>
    [...code.matchAll(pattern)].map((match) => ({
      kind,
      target: match[2]!,
      line: code.slice(0, match.index + match[0].length).split('\n').length,
    })),
  );
}

/** Keeps the lines, so that places stay right. */
const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

/** Violations of the rules, and import cycles, below `root`/src; empty when all is well. */
export function checkImports(root: string): string[] {
  const files = globSync('src/**/*.ts', { cwd: root }).sort();
  const graph = new Map<string, Import[]>();
  for (const file of files) graph.set(file, importsOf(readFileSync(join(root, file), 'utf8')));
  const problems: string[] = [];
  for (const [file, imports] of graph) {
    if (isOfTests(file)) continue;
    for (const edge of imports) {
      const problem = judge(file, edge);
      if (problem) problems.push(`${file}:${edge.line}: ${problem}`);
    }
  }
  return [...problems, ...cyclesOf(graph)];
}

function judge(file: string, { target, kind }: Import): string | undefined {
  const from = folderOf(file);
  const rule = importRules[from];
  if (!rule) return `src/${from} is not in the table of scripts/check/imports.ts`;
  if (!target.startsWith('.')) {
    const name = packageOf(target);
    const isAllowed = !rule.packages || kind === 'type' || rule.packages.includes(name);
    return isAllowed ? undefined : `${from} must not import ${target}`;
  }
  const path = resolved(file, target);
  if (!path.startsWith('src/')) return `src must not import ${path}`;
  const to = folderOf(path);
  if (isOfTests(path)) return `only tests may import ${path}`;
  if (to === from) return undefined;
  // The command line starts the program, and only there, when it is asked to.
  if (to === 'main.ts' && from === 'cli' && kind !== 'static') return undefined;
  const inside = path.slice('src/'.length);
  if (rule.may.includes(to) || rule.may.includes(inside)) return undefined;
  return `${from} must not import ${inside}`;
}

const isOfTests = (path: string): boolean => /\.test(-kit)?\.ts$|\/test-child\.ts$/.test(path);
const resolved = (file: string, target: string): string => normalize(join(dirname(file), target));
const folderOf = (path: string): string => path.split('/')[1]!;
const packageOf = (target: string): string =>
  target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');

/**
 * Cycles of imports of any kind: of two files that name each other one stands in the wrong place.
 */
function cyclesOf(graph: ReadonlyMap<string, readonly Import[]>): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) cycles.push(`import cycle: ${[...path.slice(at), file].join(' -> ')}`);
    if (at >= 0 || done.has(file)) return;
    path.push(file);
    for (const { target } of graph.get(file) ?? []) {
      if (target.startsWith('.')) visit(resolved(file, target));
    }
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return cycles;
}

if (import.meta.main) {
  const problems = checkImports(process.argv[2] ?? '.');
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
