import { defineConfig } from 'vitest/config';

/** `npm run soak`: tests of many minutes, one after the other. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/soak/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 3_600_000,
    hookTimeout: 600_000,
    passWithNoTests: true,
  },
});
