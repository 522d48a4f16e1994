import { copyFile, mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { messageOf, SeastateError } from '../core/errors.ts';
import { bundleUrl, snapshotStore } from '../engine/runtime/embedded/runtime.ts';
import { describeBundle, topicsIn } from '../user-code/describe.ts';

/** Names of the bundles of users' processors that the newest snapshots were made with. */
export async function bundlesOf(snapshots: string, stage: string, partitions: number) {
  const found = new Set<string>();
  for (let partition = 0; partition < partitions; partition++) {
    const stored = await snapshotStore(snapshots, stage, partition).newest(() => {});
    if (stored && stored.bundle !== '') found.add(stored.bundle);
  }
  return [...found];
}

/** Topics that users' processors of those bundles write. */
export async function topicsOfBundles(snapshots: string, bundles: readonly string[]) {
  const described = await Promise.all(
    bundles.map((sha256) => describeBundle(bundleUrl(snapshots, sha256), {}, {})),
  );
  return [...new Set(described.flatMap(topicsIn))];
}

/** Copies a bundle between places of snapshots; returns its URL there. Error: `bundle_missing`. */
export async function copyBundle(from: string, to: string, sha256: string): Promise<string> {
  const url = bundleUrl(to, sha256);
  await mkdir(new URL('.', url), { recursive: true });
  try {
    await copyFile(fileURLToPath(bundleUrl(from, sha256)), fileURLToPath(url));
  } catch (error) {
    throw new SeastateError(
      'bundle_missing',
      `the code that the state was made with cannot be copied (${messageOf(error)}): put the bundle ` +
        'back, it is named by its sha-256',
    );
  }
  return url;
}
