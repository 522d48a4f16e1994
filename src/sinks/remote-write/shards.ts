import { utf8 } from '../../core/bytes.ts';
import { xxh32 } from '../../core/xxh32.ts';
import type { Headers, LogRecord } from '../../log/log.ts';
import type { SamplesRecord } from './bodies.ts';

/** Samples of one cluster, or of one owner of another kind. */
export interface OwnedRecord extends SamplesRecord {
  readonly owner: string;
}

/** A record of the log of kind `samples`. */
export function ownedRecord(headers: Headers, value: Uint8Array): OwnedRecord {
  const { tenant = '', cluster = '', encoding = 'snappy' } = headers;
  return { owner: `${tenant}\0${cluster}`, encoding, value };
}

export interface ShardOptions {
  /** Requests under way at once. */
  readonly shards: number;
  /** Small records are sent together up to this, compressed; 0: every one alone. */
  readonly requestBytes: number;
}

/** Sends all records: those of one owner in their order, those of several side by side. */
export async function sendAll(
  records: readonly OwnedRecord[],
  { shards, requestBytes }: ShardOptions,
  send: (records: readonly SamplesRecord[]) => Promise<void>,
): Promise<void> {
  const byShard: OwnedRecord[][] = Array.from({ length: shards }, () => []);
  for (const record of records) byShard[xxh32(utf8(record.owner)) % shards]!.push(record);
  await Promise.all(
    byShard.map(async (some) => {
      for (const request of cut(some, requestBytes)) await send(request);
    }),
  );
}

/** Parts of about so many bytes in order, each of at least one record. */
export function cut<R extends Pick<LogRecord, 'value'>>(
  records: readonly R[],
  bytesMax: number,
): R[][] {
  const parts: R[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const record of records) {
    const size = record.value?.length ?? 0;
    if (bytes + size > bytesMax) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)!.push(record);
    bytes += size;
  }
  return parts;
}
