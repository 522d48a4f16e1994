import { readFileSync } from 'node:fs';

/** What this program is: of package.json, two folders up both in src/ and in dist/. */
const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };

export const buildInfo = {
  version,
  node: process.version,
  platform: `${process.platform}-${process.arch}`,
} as const;
