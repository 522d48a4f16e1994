import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startRig } from './rig.ts';

/** How to build it: compliance/README.md. */
const suite = fileURLToPath(new URL('../../.cache/compliance/receiver.test', import.meta.url));

test.skipIf(!existsSync(suite))('the suite of prometheus/compliance passes', async () => {
  const rig = await startRig({ gateway: { lingerMs: 1 } });
  const folder = await mkdtemp(join(tmpdir(), 'seastate-compliance-'));
  try {
    const config = join(folder, 'config.yml');
    await writeFile(
      config,
      `remote_write:\n  - name: seastate\n    url: ${rig.url}/api/v1/write\n`,
    );
    const env = { ...process.env, PROMETHEUS_RW2_COMPLIANCE_CONFIG_FILE: config };
    const output = await new Promise<string>((resolve) => {
      execFile(suite, ['-test.v'], { cwd: folder, env, maxBuffer: 64 << 20 }, (_error, stdout) =>
        resolve(stdout),
      );
    });
    const results = (verdict: string): string[] =>
      [...output.matchAll(new RegExp(`^--- ${verdict}: (\\S+)`, 'gm'))].map(([, name]) => name!);
    expect(results('FAIL')).toEqual([]);
    expect(results('SKIP')).toEqual([]);
    expect(results('PASS')).toHaveLength(39);
  } finally {
    await rig.close();
    await rm(folder, { recursive: true, force: true });
  }
});
