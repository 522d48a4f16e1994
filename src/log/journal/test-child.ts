import { writeSync } from 'node:fs';
import { stdin } from 'node:process';
import { utf8 } from '../../core/bytes.ts';
import { xxh32 } from '../../core/xxh32.ts';
import type { NewRecord } from '../log.ts';
import { openTest, readAll } from './journal.test-kit.ts';

/**
 * The other process of the tests: `node test-child.ts MODE DIR ...`. Tells on stdout, in a line of
 * JSON each, what happened, after it happened.
 */

export type Told =
  | { readonly appended: { topic: string; partition: number; offset: number; ids: string[] } }
  | { readonly refused: string; readonly retry: string; readonly records: number }
  | { readonly read: { topic: string; partition: number; digest: number; count: number } };

/** Numbers that look random and depend on the seed only. */
export function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** The record of an id: its size and bytes follow from the id alone. */
export function recordOf(id: string): NewRecord {
  const random = randomOf(xxh32(utf8(id)));
  const length = Math.floor(random() ** 4 * 60_000);
  const value = new Uint8Array(length);
  for (let i = 0; i < length; i++) value[i] = Math.floor(random() * 256);
  return { headers: { id, kind: 'samples' }, value: length % 10 === 9 ? null : value };
}

function tell(what: Told): void {
  writeSync(1, `${JSON.stringify(what)}\n`);
}

const places: readonly [topic: string, partition: number][] = [
  ['telemetry', 0],
  ['telemetry', 3],
  ['alerts', 0],
  ['x-mine', 1],
];

/** Several loops append at once, until the process is killed or each has made `count` appends. */
async function write(dir: string, run: string, count: number): Promise<void> {
  const log = await openTest(dir);
  const loops = [...places, ...places].map(async ([topic, partition], loop) => {
    for (let i = 0; i < count; i++) {
      const ids = Array.from({ length: 1 + (i % 3) }, (_, k) => `${run}.${loop}.${i}.${k}`);
      const offset = await log.append(topic, partition, ids.map(recordOf));
      tell({ appended: { topic, partition, offset, ids } });
    }
  });
  await Promise.all(loops);
  await log.close();
}

/** Follows every place from its start up to the record with id `end`. */
async function read(dir: string, end: string): Promise<void> {
  const log = await openTest(dir, { readOnly: true });
  const follows = places.map(async ([topic, partition]) => {
    let digest = 0;
    let count = 0;
    const stop = new AbortController();
    for await (const records of log.follow(topic, partition, 0, stop.signal)) {
      for (const { headers, value, offset } of records) {
        if (headers.id === end) stop.abort();
        digest = xxh32(utf8(`${digest} ${offset} ${headers.id}`));
        if (value !== null) digest = xxh32(value, digest);
        count++;
      }
    }
    tell({ read: { topic, partition, digest, count } });
  });
  await Promise.all(follows);
  await log.close();
}

/** Appends until there is no room, waits to be told that there is, and appends again. */
async function fill(dir: string): Promise<void> {
  const input = { segmentBytes: 1 << 24, retentionMs: 3_600_000, bytesMax: 1 << 30 };
  const log = await openTest(dir, { input });
  let records = 0;
  const append = async (): Promise<boolean> => {
    try {
      await log.append('telemetry', 0, [{ headers: {}, value: new Uint8Array(30_000) }]);
      records++;
      return true;
    } catch (error) {
      const { code, retry } = error as { code: string; retry: string };
      tell({ refused: code, retry, records });
      return false;
    }
  };
  while (await append());
  await new Promise((resolve) => stdin.once('data', resolve));
  stdin.destroy();
  if (!(await append())) throw new Error('there is room now');
  tell({ refused: 'none', retry: 'none', records: (await readAll(log, 'telemetry', 0)).length });
  await log.close();
}

if (import.meta.main) {
  const [, , mode, dir = '', name = '', count = '1000000'] = process.argv;
  if (mode === 'write') await write(dir, name, Number(count));
  if (mode === 'read') await read(dir, name);
  if (mode === 'fill') await fill(dir);
}
