import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

/** Exit code and output of `npm run check -- NAME` in a folder. */
function check(folder: string, ...names: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['scripts/check.ts', ...names],
      { cwd: folder, maxBuffer: 1 << 26 },
      (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
      },
    );
  });
}

describe('this checkout', () => {
  test.each(['types', 'page', 'lint', 'dead', 'imports'])('%s', async (name) => {
    const { code, output } = await check(root, name);
    expect(code, output).toBe(0);
  });
});

/** A tree that is good, and what is planted in it so that one check must fail. */
const good: Record<string, string> = {
  'src/index.ts': "export { one } from './engine/one.ts';\n",
  'src/engine/one.ts':
    "import { zero } from '../core/zero.ts';\n\nexport const one: number = zero + 1;\n",
  'src/core/zero.ts': 'export const zero = 0;\n',
};

interface Planted {
  readonly check: 'types' | 'lint' | 'dead' | 'imports';
  readonly what: string;
  readonly files: Record<string, string>;
  readonly says: string;
}

const engineUses = (code: string): Record<string, string> => ({
  'src/engine/one.ts': `import { zero } from '../core/zero.ts';\n${code}`,
});

const planted: readonly Planted[] = [
  {
    check: 'types',
    what: 'a wrong type',
    files: engineUses('\nexport const one: string = zero + 1;\n'),
    says: 'src/engine/one.ts(3,14)',
  },
  {
    check: 'types',
    what: 'an enum',
    files: engineUses('\nenum Two {\n  A,\n}\nexport const one: number = zero + Two.A;\n'),
    says: 'TS1294',
  },
  {
    check: 'lint',
    what: 'a promise that nobody waits for',
    files: engineUses(
      '\nconst later = async (): Promise<void> => {};\nlater();\n\nexport const one = zero + 1;\n',
    ),
    says: 'noFloatingPromises',
  },
  {
    check: 'lint',
    what: 'a promise as a condition',
    files: engineUses(
      '\nconst later = async (): Promise<boolean> => true;\n\nexport const one = later() ? zero : 1;\n',
    ),
    says: 'noMisusedPromises',
  },
  {
    check: 'lint',
    what: 'console outside the command line',
    files: engineUses('\nconsole.log(zero);\n\nexport const one = zero + 1;\n'),
    says: 'noConsole',
  },
  {
    check: 'lint',
    what: 'another format',
    files: engineUses('\nexport const one   = zero + 1\n'),
    says: 'format',
  },
  {
    check: 'dead',
    what: 'a file that nobody needs',
    files: { 'src/core/nobody.ts': 'export const nobody = 1;\n' },
    says: 'src/core/nobody.ts',
  },
  {
    check: 'dead',
    what: 'an export that nobody needs',
    files: { 'src/core/zero.ts': 'export const zero = 0;\n\nexport const nobody = 1;\n' },
    says: 'nobody',
  },
  {
    check: 'imports',
    what: 'core that imports',
    files: { 'src/core/zero.ts': "export { one as zero } from '../engine/one.ts';\n" },
    says: 'src/core/zero.ts:1: core must not import engine/one.ts',
  },
  {
    check: 'imports',
    what: 'core with a package',
    files: { 'src/core/zero.ts': "import { sep } from 'node:path';\n\nexport const zero = sep;\n" },
    says: 'core must not import node:path',
  },
  {
    check: 'imports',
    what: 'a type from above',
    files: {
      'src/formats/a.ts':
        "import type { one } from '../engine/one.ts';\n\nexport type One = one;\n",
    },
    says: 'src/formats/a.ts:1: formats must not import engine/one.ts',
  },
  {
    check: 'imports',
    what: 'an import of several lines',
    files: {
      'src/formats/a.ts': "export const two = 2;\nimport {\n  one,\n} from '../engine/one.ts';\n",
    },
    says: 'src/formats/a.ts:4: formats must not import engine/one.ts',
  },
  {
    check: 'imports',
    what: 'a dynamic import',
    files: { 'src/log/a.ts': "export const a = () => import('../engine/one.ts');\n" },
    says: 'log must not import engine/one.ts',
  },
  {
    check: 'imports',
    what: 'a worker',
    files: {
      'src/gateway/a.ts':
        "export const a = (): Worker =>\n  new Worker(new URL('../engine/one.ts', import.meta.url));\n",
    },
    says: 'src/gateway/a.ts:2: gateway must not import engine/one.ts',
  },
  {
    check: 'imports',
    what: 'more of the engine than the contract',
    files: { 'src/models/a.ts': "export { one } from '../engine/one.ts';\n" },
    says: 'models must not import engine/one.ts',
  },
  {
    check: 'imports',
    what: 'main from the command line at once',
    files: {
      'src/cli/a.ts': "import { b } from '../main.ts';\n\nexport const a = b;\n",
      'src/main.ts': 'export const b = 1;\n',
    },
    says: 'cli must not import main.ts',
  },
  {
    check: 'imports',
    what: 'a folder that is not in the table',
    files: { 'src/other/a.ts': "export { zero } from '../core/zero.ts';\n" },
    says: 'src/other is not in the table',
  },
  {
    check: 'imports',
    what: 'something outside src',
    files: { 'src/core/zero.ts': "export { zero } from '../../test/zero.ts';\n" },
    says: 'src must not import test/zero.ts',
  },
  {
    check: 'imports',
    what: 'what tests share, in the program',
    files: {
      'src/core/zero.ts': "export { zero } from './zero.test-kit.ts';\n",
      'src/core/zero.test-kit.ts': 'export const zero = 0;\n',
    },
    says: 'src/core/zero.ts:1: only tests may import src/core/zero.test-kit.ts',
  },
  {
    check: 'imports',
    what: 'a cycle',
    files: {
      'src/core/zero.ts': "import { half } from './half.ts';\n\nexport const zero = half;\n",
      'src/core/half.ts': "import { zero } from './zero.ts';\n\nexport const half = zero;\n",
    },
    says: 'import cycle: src/core/half.ts -> src/core/zero.ts -> src/core/half.ts',
  },
  {
    check: 'imports',
    what: 'a cycle that a type closes',
    files: {
      'src/core/zero.ts': "import { half } from './half.ts';\n\nexport const zero = half;\n",
      'src/core/half.ts':
        "import type { zero } from './zero.ts';\n\nexport const half: typeof zero = 0;\n",
    },
    says: 'import cycle: src/core/half.ts -> src/core/zero.ts -> src/core/half.ts',
  },
  {
    check: 'imports',
    what: 'a cycle that a worker closes',
    files: {
      'src/core/zero.ts':
        "export const zero = (): Worker => new Worker(new URL('./half.ts', import.meta.url));\n",
      'src/core/half.ts': "import { zero } from './zero.ts';\n\nzero();\n",
    },
    says: 'import cycle: src/core/half.ts -> src/core/zero.ts -> src/core/half.ts',
  },
];

describe('a planted violation is seen', () => {
  let folder = '';
  const put = async (files: Record<string, string>): Promise<void> => {
    await rm(join(folder, 'src'), { recursive: true, force: true });
    for (const [name, text] of Object.entries({ ...good, ...files })) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'seastate-check-'));
    await cp(join(root, 'scripts/check.ts'), join(folder, 'scripts/check.ts'));
    await cp(join(root, 'scripts/check'), join(folder, 'scripts/check'), { recursive: true });
    await cp(join(root, 'tsconfig.json'), join(folder, 'tsconfig.json'));
    // The same rules; what has no place in a small tree is left out.
    const { default: biome } = await import('../../biome.json', { with: { type: 'json' } });
    await writeFile(
      join(folder, 'biome.json'),
      JSON.stringify({
        ...biome,
        vcs: { enabled: false },
        files: { includes: ['src/**'] },
        json: { formatter: { enabled: false } },
      }),
    );
    const { default: knip } = await import('../../knip.json', { with: { type: 'json' } });
    await writeFile(
      join(folder, 'knip.json'),
      JSON.stringify({ ...knip, entry: ['src/index.ts'], project: ['src/**/*.ts'] }),
    );
    await writeFile(join(folder, 'package.json'), '{"name": "tree", "type": "module"}\n');
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('the good tree is good', async () => {
    await put({});
    const { code, output } = await check(folder, 'types', 'lint', 'dead', 'imports');
    expect(code, output).toBe(0);
  });

  test.each(planted)('$check: $what', async ({ check: name, files, says }) => {
    await put(files);
    const { code, output } = await check(folder, name);
    expect(output).toContain(says);
    expect(code).toBe(1);
  });
});
