import type { Family } from '../scrape/families.ts';
import { ProtoWriter } from './bytes.ts';

/** Entries of one request, as Prometheus sends them. */
const perRequest = 2_000;

/** Protocol 1 sends types and help in requests of their own: their bodies, not compressed. */
export function metadataBodies(families: readonly Family[]): Uint8Array[] {
  const known = families.filter(({ help }) => help !== '');
  const bodies: Uint8Array[] = [];
  for (let from = 0; from < known.length; from += perRequest) {
    const out = new ProtoWriter();
    for (const { name, typeNumber, help } of known.slice(from, from + perRequest)) {
      const entry = new ProtoWriter().byte(0x08).byte(typeNumber);
      entry.field(0x12, Buffer.from(name)).field(0x22, Buffer.from(help));
      out.field(0x1a, entry.written);
    }
    bodies.push(out.take());
  }
  return bodies;
}
