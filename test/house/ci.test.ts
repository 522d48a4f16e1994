import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

/** `.ci/run` with an npm that plays a test run. */
const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'seastate-ci-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const suite = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((one) => ({ status: one })),
});

test.each([
  [
    'all is well',
    { numPassedTests: 3, numFailedTests: 0, testResults: [] },
    0,
    '3 passed, 0 failed',
    0,
  ],
  [
    'a test failed',
    { numPassedTests: 2, numFailedTests: 1, testResults: [suite('failed', 'passed', 'failed')] },
    1,
    '2 passed, 1 failed',
    1,
  ],
  [
    'a file could not be loaded',
    { numPassedTests: 2, numFailedTests: 0, testResults: [suite('failed')] },
    1,
    '2 passed, 1 failed',
    1,
  ],
  [
    'an error beside the tests',
    { numPassedTests: 2, numFailedTests: 0, testResults: [] },
    1,
    '2 passed, 1 failed',
    1,
  ],
  ['a crash', undefined, 134, '0 passed, 1 failed', 1],
  [
    'nothing was run',
    { numPassedTests: 0, numFailedTests: 0, testResults: [] },
    0,
    '0 passed, 1 failed',
    1,
  ],
])('%s', (_name, report, npmCode, lastLine, exit) => {
  const write = report ? `cat > "$SEASTATE_TEST_REPORT" <<'X'\n${JSON.stringify(report)}\nX\n` : '';
  writeFileSync(join(folder, 'npm'), `#!/bin/sh\necho talk\n${write}exit ${npmCode}\n`);
  chmodSync(join(folder, 'npm'), 0o755);
  const { status, stdout } = spawnSync(join(root, '.ci/run'), {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH']}` },
  });
  expect(stdout.trimEnd().split('\n').at(-1)).toBe(lastLine);
  expect(status).toBe(exit);
});
