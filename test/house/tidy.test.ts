import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

/** What holds for every file of the repository and no linter knows. */
const root = join(import.meta.dirname, '..', '..');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((name) => name !== '' && existsSync(join(root, name)));
const read = (name: string): string => readFileSync(join(root, name), 'utf8');

const isCode = (name: string): boolean => /\.(m?[jt]sx?|java)$/.test(name);
const isText = (name: string): boolean =>
  isCode(name) || /\.(md|json|ya?ml|css|html|sh|xml)$/.test(name);
const isGiven = (name: string): boolean => /(^|\/)(fixtures|results|golden|vectors)\//.test(name);
const isOurs = (name: string): boolean =>
  isText(name) && !isGiven(name) && name !== 'package-lock.json' && name !== 'LICENSE';

/** Lines of a file at most; a test may be longer. */
const linesMax = (name: string): number => (name.endsWith('.test.ts') ? 600 : 400);

interface Ban {
  readonly pattern: RegExp;
  readonly instead: string;
  readonly applies: (name: string) => boolean;
}

const inSource = (name: string): boolean =>
  name.startsWith('src/') && !/\.test(-kit)?\.ts$/.test(name);
/** Deterministic code: the same log gives the same outputs. */
const isPure = (name: string): boolean =>
  inSource(name) &&
  /^src\/(core|formats|models|processors|engine)\//.test(name) &&
  // The runtime around the runner lives in real time.
  !/^src\/engine\/(runtime|runner)\//.test(name);

const bans: readonly Ban[] = [
  {
    pattern: /\bDate\.now\(|new Date\(\)|performance\.now\(/,
    instead: 'log time',
    applies: isPure,
  },
  {
    pattern: /\bMath\.random\(|\brandomBytes\(|\brandomUUID\(/,
    instead: 'a seeded generator',
    applies: isPure,
  },
  {
    pattern: /\bIntl\.|toLocale\w*\(|localeCompare\(/,
    instead: 'plain comparison',
    applies: isPure,
  },
  { pattern: /\bsetTimeout\(|\bsetInterval\(/, instead: 'ticks of log time', applies: isPure },
  {
    pattern: /\bconsole\.\w+\(/,
    instead: 'the logger',
    applies: (n) => inSource(n) && !n.startsWith('src/cli/'),
  },
  { pattern: /^export default\b/m, instead: 'a named export', applies: inSource },
  { pattern: /^export \* from/m, instead: 'named exports', applies: inSource },
  { pattern: /\/\/ @ts-(ignore|nocheck)/, instead: 'a type that is true', applies: isOurs },
  { pattern: /\b(TODO|FIXME|XXX)\b/, instead: 'an issue', applies: (n) => isOurs(n) && n !== self },
  {
    pattern: /(describe|test|it)\.only\(/,
    instead: 'all tests',
    applies: (n) => n.endsWith('.test.ts'),
  },
];
const self = 'test/house/tidy.test.ts';

describe('the repository is tidy', () => {
  test('there is something to look at', () => {
    expect(files.filter(inSource).length).toBeGreaterThan(100);
  });

  test.each(bans)('no $pattern: use $instead', ({ pattern, applies }) => {
    const found: string[] = [];
    for (const name of files.filter((file) => applies(file) && isCode(file))) {
      const text = isPure(name) || inSource(name) ? withoutComments(read(name)) : read(name);
      const line = text.split('\n').findIndex((one) => pattern.test(one));
      if (line >= 0) found.push(`${name}:${line + 1}`);
    }
    expect(found).toEqual([]);
  });

  test('files are short', () => {
    const long = files
      .filter((name) => isCode(name) && isOurs(name))
      .map((name) => [name, read(name).split('\n').length] as const)
      .filter(([name, lines]) => lines > linesMax(name));
    expect(long).toEqual([]);
  });

  test('no place of somebody else: home folders, registries', () => {
    const pattern = /\/(home|Users|root)\/\w|\/work\/(main|shared)|registry\.npmjs\.org/;
    const found = files
      .filter((name) => isText(name) && name !== self)
      .filter((name) => pattern.test(read(name)));
    expect(found).toEqual([]);
  });

  test('the lockfile names no registry', () => {
    expect(read('package-lock.json')).not.toContain('"resolved"');
  });

  test('every platform package has an entry in the lockfile, for npm ci', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const missing = Object.entries(packages).flatMap(([at, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !packages[`node_modules/${name}`] && !packages[`${at}/node_modules/${name}`],
      ),
    );
    expect(missing).toEqual([]);
  });

  test('development dependencies are exact, others begin with a caret', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
      'dependencies' | 'devDependencies',
      Record<string, string>
    >;
    for (const range of Object.values(devDependencies)) expect(range).toMatch(/^\d/);
    for (const range of Object.values(dependencies)) expect(range).toMatch(/^\^\d/);
  });
});

function withoutComments(text: string): string {
  const blank = (comment: string): string => comment.replace(/[^\n]/g, '');
  return text.replace(/\/\*[\s\S]*?\*\//g, blank).replace(/(^|\s)\/\/.*$/gm, blank);
}
