import { createHash } from 'node:crypto';

/** Identity of what a few words name: 24 hex digits, the same everywhere and for ever. */
export function identityOf(words: readonly string[]): string {
  const hash = createHash('sha256');
  for (const word of words) hash.update(`${word.length}:${word}\0`);
  return hash.digest('hex').slice(0, 24);
}
