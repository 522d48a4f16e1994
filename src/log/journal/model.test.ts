import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LogRecord, NewRecord } from '../log.ts';
import { inFolder, openTest, readAll, testLimits } from './journal.test-kit.ts';
import type { JournalLog } from './journals.ts';

/** The journal against the simplest log there is: a list per partition. */

const places = ['telemetry/0', 'telemetry/1', 'telemetry/2', 'alerts/0'] as const;
const split = (place: string): [string, number] => {
  const [topic, partition] = place.split('/');
  return [topic!, Number(partition)];
};

const newRecord: fc.Arbitrary<NewRecord> = fc.record({
  headers: fc.dictionary(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 }).filter(isName),
    fc.string(),
    {
      maxKeys: 3,
      noNullPrototype: true,
    },
  ),
  value: fc.oneof(
    fc.constant(null),
    fc.uint8Array({ maxLength: 50 }),
    fc.integer({ min: 0, max: 40_000 }).map((length) => new Uint8Array(length).fill(length % 251)),
  ),
});

/** Names like array indexes change their place in an object, `__proto__` never gets into one. */
function isName(name: string): boolean {
  return !/^\d+$/.test(name) && name !== '__proto__';
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      append: fc.array(
        fc.record({
          place: fc.constantFrom(...places),
          records: fc.array(newRecord, { minLength: 1, maxLength: 4 }),
        }),
        { minLength: 1, maxLength: 5 },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      read: fc.constantFrom(...places),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      bytesMax: fc.integer({ min: 1, max: 100_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ restart: true } as const) },
  { weight: 1, arbitrary: fc.constant({ scan: true } as const) },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
type Model = Map<string, NewRecord[]>;

function expectSame(
  read: readonly LogRecord[],
  wanted: readonly NewRecord[],
  offset: number,
): void {
  expect(
    read.map(({ headers, value }) => ({ headers, value: value && Buffer.from(value) })),
  ).toEqual(wanted.map(({ headers, value }) => ({ headers, value: value && Buffer.from(value) })));
  expect(read.map((each) => each.offset)).toEqual(wanted.map((_, i) => offset + i));
}

async function scanned(log: JournalLog): Promise<Map<string, LogRecord[]>> {
  const found = new Map<string, LogRecord[]>(places.map((place) => [place, []]));
  for (const journal of ['input', 'outputs'] as const) {
    const from = places
      .map(split)
      .filter(([topic]) => (topic === 'telemetry') === (journal === 'input'));
    const positions = from.map(([topic, partition]) => ({ topic, partition, offset: 0 }));
    await log.scan(journal, positions, (topic, partition, records) => {
      found.get(`${topic}/${partition}`)!.push(...records);
    });
  }
  return found;
}

async function run(log: JournalLog, each: Step, model: Model) {
  if ('append' in each) {
    const offsets = each.append.map(({ place, records }) => {
      const known = model.get(place)!;
      known.push(...records);
      return known.length - records.length;
    });
    const appends = each.append.map(({ place, records }) => log.append(...split(place), records));
    expect(await Promise.all(appends)).toEqual(offsets);
  } else if ('read' in each) {
    const known = model.get(each.read)!;
    const offset = Math.floor(each.at * known.length);
    const read = await log.read(...split(each.read), offset, each.bytesMax);
    expect(read.length > 0).toBe(offset < known.length);
    expectSame(read, known.slice(offset, offset + read.length), offset);
  } else if ('scan' in each) {
    for (const [place, records] of await scanned(log)) expectSame(records, model.get(place)!, 0);
  }
}

test('behaves like a list per partition', async () => {
  const cacheBytes = fc.constantFrom(0, 30_000, 1 << 20);
  const segmentBytes = fc.constantFrom(4096, 50_000, 1 << 20);
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 20 }),
      cacheBytes,
      segmentBytes,
      async (steps, cache, segment) => {
        await inFolder(async (dir) => {
          const limits = { ...testLimits, segmentBytes: segment };
          const open = () => openTest(dir, { cacheBytes: cache, input: limits, outputs: limits });
          const model: Model = new Map(places.map((place) => [place, []]));
          let log = await open();
          for (const each of steps) {
            if ('restart' in each) {
              await log.close();
              log = await open();
            } else {
              await run(log, each, model);
            }
          }
          for (const place of places) {
            expectSame(await readAll(log, ...split(place)), model.get(place)!, 0);
          }
          await log.close();
        });
      },
    ),
    { numRuns: 40 },
  );
});
