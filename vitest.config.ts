import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** A machine-readable report beside the usual one, for .ci/run. */
const report = process.env['SEASTATE_TEST_REPORT'];

// A checkout is its own package: `import ... from 'seastate'` is src/.
const conditions = ['source', 'module', 'import', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // Processes and signals, and no state shared between files: forks, not threads.
    pool: 'forks',
    maxWorkers: Math.max(2, availableParallelism()),
    // A machine may stand still for seconds; a poll ends as soon as it holds.
    expect: { poll: { timeout: 30_000 } },
    reporters: report ? ['default', 'json'] : ['default'],
    ...(report ? { outputFile: { json: report } } : {}),
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{src,bench,examples,scripts,web}/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**'],
          // Seconds at most; a machine that stands still for some is no failure.
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          // What crosses folders, with real programs: minutes rather than seconds.
          name: 'system',
          include: ['test/**/*.test.ts'],
          exclude: ['test/soak/**'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
