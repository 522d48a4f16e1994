import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../core/bytes.ts';
import type { LogRecord } from './log.ts';
import {
  formatFrom,
  type Loss,
  NumberedReader,
  type NumberedReaderOptions,
  Numberer,
  parseFrom,
} from './numbering.ts';

type Entry = Pick<LogRecord, 'headers' | 'offset' | 'timestamp'>;

const entry = (from: string, number: number | string, timestamp = 0): Omit<Entry, 'offset'> => ({
  headers: { from, number: String(number) },
  timestamp,
});

const inLog = (entries: readonly Omit<Entry, 'offset'>[]): Entry[] =>
  entries.map((each, offset) => ({ ...each, offset }));

/** What a reader takes of a log, as `from#number`; it is saved and loaded at the given offsets. */
function read(
  log: readonly Entry[],
  options: NumberedReaderOptions = {},
  restartAt: ReadonlySet<number> = new Set(),
): { taken: string[]; counts: NumberedReader['counts'] } {
  let reader = new NumberedReader(options);
  const taken: string[] = [];
  for (let at = 0; at < log.length; ) {
    if (restartAt.has(at)) {
      const state = JSON.parse(JSON.stringify(reader.save()));
      const { counts } = reader;
      reader = new NumberedReader(options);
      reader.load(state);
      Object.assign(reader.counts, counts);
    }
    const verdict = reader.accept(log[at]!);
    const { from, number } = log[at]!.headers;
    if (verdict === 'take') taken.push(`${from}#${number}`);
    at = verdict === 'rewind' ? reader.rewindTo : at + 1;
  }
  return { taken, counts: reader.counts };
}

const upTo = (from: string, count: number, base = 0): string[] =>
  Array.from({ length: count - base }, (_, i) => `${from}#${base + i}`);

describe('from', () => {
  test('is stage, partition and epoch', () => {
    const from = { stage: 'user/own', partition: 3, epoch: 12 };
    expect(formatFrom(from)).toBe('user/own/3/12');
    expect(parseFrom('user/own/3/12')).toEqual(from);
    for (const text of ['', 'cluster', 'cluster/1', '/1/2', 'cluster/1/-2', 'cluster/x/1']) {
      expect(parseFrom(text)).toBeNull();
    }
  });
});

describe('a writer', () => {
  const from = { stage: 'cluster', partition: 2, epoch: 1 };

  test('numbers each target from 0', () => {
    const numberer = new Numberer(from);
    expect(numberer.stamp('alerts', 0, 77, { tenant: 't' })).toEqual({
      from: 'cluster/2/1',
      number: '0',
      tick: '77',
      tenant: 't',
    });
    const numbers = ['alerts/0', 'alerts/1', 'events/0', 'alerts/0'].map((target) => {
      const [topic, partition] = target.split('/');
      return numberer.stamp(topic!, Number(partition), 78).number;
    });
    expect(numbers).toEqual(['1', '0', '0', '2']);
  });

  test('goes on from its saved state, and from 0 in a new epoch', () => {
    const saved = (order: readonly string[]): Uint8Array => {
      const numberer = new Numberer(from);
      for (const topic of order) numberer.stamp(topic, 0, 1);
      const out = new ByteWriter();
      numberer.save(out);
      return out.take();
    };
    const state = saved(['a', 'b', 'b']);
    expect(saved(['b', 'a', 'b'])).toEqual(state);
    const next = (epoch: number): string => {
      const numberer = new Numberer({ ...from, epoch });
      numberer.load(new ByteReader(state));
      return numberer.stamp('b', 0, 2).number!;
    };
    expect(next(1)).toBe('2');
    expect(next(2)).toBe('0');
  });
});

describe('a reader', () => {
  test('takes the first number it sees as its base, per writer', () => {
    const log = inLog([entry('s/0/1', 7), entry('s/1/1', 0), entry('s/0/1', 8), entry('s/0/1', 6)]);
    expect(read(log).taken).toEqual(['s/0/1#7', 's/1/1#0', 's/0/1#8']);
  });

  test('a higher epoch begins with 0 and replaces the lower', () => {
    const log = inLog([entry('s/0/1', 0), entry('s/0/2', 0), entry('s/0/1', 1), entry('s/0/2', 1)]);
    const { taken, counts } = read(log);
    expect(taken).toEqual(['s/0/1#0', 's/0/2#0', 's/0/2#1']);
    expect(counts.old).toBe(1);
  });

  test('bad headers are told apart', () => {
    const bad = [entry('s/0/1', '-1'), entry('s/0/1', '1.5'), entry('s', 1), entry('s/0/1', '')];
    expect(read(inLog([...bad, { headers: {}, timestamp: 0 }])).counts.unnumbered).toBe(5);
  });

  test('a gap that is filled by another attempt is none', () => {
    const failed = [entry('s/0/1', 0), entry('s/0/1', 3, 10), entry('s/0/1', 4, 10)];
    const retried = [1, 2, 3, 4, 5].map((number) => entry('s/0/1', number, 20));
    const { taken, counts } = read(inLog([...failed, ...retried]), { gapMs: 60 });
    expect(taken).toEqual(upTo('s/0/1', 6));
    expect(counts).toMatchObject({ ahead: 2, lost: 0, rewind: 0 });
  });

  test('a gap that stays is told, and nothing but the missing numbers is lost', () => {
    const losses: Loss[] = [];
    const log = inLog([
      entry('s/0/1', 0),
      entry('s/0/1', 3, 10),
      entry('s/1/1', 0, 11),
      entry('s/0/1', 4, 12),
      entry('s/1/1', 1, 65),
      entry('s/0/1', 5, 71),
    ]);
    const { taken, counts } = read(log, { gapMs: 60, onLoss: (loss) => losses.push(loss) });
    expect(taken).toEqual(['s/0/1#0', 's/1/1#0', 's/1/1#1', 's/0/1#3', 's/0/1#4', 's/0/1#5']);
    expect(losses).toEqual([{ from: 's/0/1', expected: 1, seen: 3 }]);
    expect(counts.lost).toBe(2);
  });

  test('rebase forgets', () => {
    const reader = new NumberedReader();
    reader.accept({ ...entry('s/0/1', 0), offset: 0 });
    reader.rebase();
    expect(reader.accept({ ...entry('s/0/1', 50), offset: 9 })).toBe('take');
  });
});

/**
 * Attempts of one writer to write numbers 0 to `count`. An attempt begins at a number up to which
 * all is written, goes on in order, may skip numbers (writes that failed: then it ends there some
 * time) or be cut off, and attempts that nobody waits for any more run on between the others.
 */
const attempts = fc.record({
  count: fc.integer({ min: 1, max: 25 }),
  attempts: fc.array(
    fc.record({
      from: fc.double({ min: 0, max: 1, noNaN: true }),
      length: fc.integer({ min: 1, max: 20 }),
      failing: fc.array(fc.integer({ min: 0, max: 19 }), { maxLength: 3 }),
    }),
    { maxLength: 6 },
  ),
  turns: fc.array(fc.nat(), { maxLength: 60 }),
});

interface Attempt {
  at: number;
  readonly end: number;
  readonly failing: ReadonlySet<number>;
}

function interleaved(
  from: string,
  plan: typeof attempts extends fc.Arbitrary<infer T> ? T : never,
) {
  const { count } = plan;
  const log: Omit<Entry, 'offset'>[] = [];
  const written = new Set<number>();
  const waiting = [...plan.attempts];
  const running: Attempt[] = [];
  const whole = (): number => {
    let next = 0;
    while (written.has(next)) next++;
    return next;
  };
  const step = (attempt: Attempt): void => {
    const number = attempt.at++;
    if (attempt.failing.has(number)) return;
    log.push(entry(from, number));
    written.add(number);
  };
  for (const turn of plan.turns) {
    const next = waiting[0];
    if (next !== undefined && turn % 4 === 0) {
      waiting.shift();
      const at = Math.floor(next.from * whole());
      const failing = new Set(next.failing.map((skip) => at + 1 + skip));
      running.push({ at, end: Math.min(count, at + next.length), failing });
      continue;
    }
    const open = running.filter(({ at, end }) => at < end);
    if (open.length > 0) step(open[turn % open.length]!);
  }
  const last = { at: 0, end: count, failing: new Set<number>() };
  while (last.at < last.end) step(last);
  return log;
}

const restarts = fc.array(fc.nat({ max: 100 })).map((list) => new Set(list));

test('retries, zombies and re-runs in any order leave every number once, in order', () => {
  fc.assert(
    fc.property(attempts, restarts, (plan, restartAt) => {
      const log = inLog([entry('s/0/1', 0), ...interleaved('s/0/1', plan)]);
      const { taken, counts } = read(log, {}, restartAt);
      expect(taken).toEqual(upTo('s/0/1', plan.count));
      expect(counts.lost).toBe(0);
    }),
    { numRuns: 500 },
  );
});

test('several writers and epochs mixed in one topic do not disturb each other', () => {
  const writers = fc.array(attempts, { minLength: 2, maxLength: 4 });
  fc.assert(
    fc.property(writers, attempts, fc.array(fc.nat()), restarts, (plans, old, picks, restartAt) => {
      const zombies = interleaved('s/0/0', old);
      const queues = plans.map((plan, i) => [
        entry(`s/${i}/1`, 0),
        ...interleaved(`s/${i}/1`, plan),
      ]);
      const first = queues[0]!.shift()!;
      const mixed = [first];
      queues.push(zombies);
      for (let i = 0; queues.some((queue) => queue.length > 0); i++) {
        const open = queues.filter((queue) => queue.length > 0);
        mixed.push(open[(picks[i] ?? i) % open.length]!.shift()!);
      }
      const { taken } = read(inLog(mixed), {}, restartAt);
      for (const [i, plan] of plans.entries()) {
        const own = taken.filter((id) => id.startsWith(`s/${i}/1#`));
        expect(own).toEqual(upTo(`s/${i}/1`, plan.count));
      }
      expect(taken.filter((id) => id.startsWith('s/0/0#'))).toEqual([]);
    }),
  );
});

test('whatever is lost for good, all else is taken once and in order, and the loss is told', () => {
  const lost = fc.array(fc.integer({ min: 1, max: 58 }), { maxLength: 20 }).map((l) => new Set(l));
  fc.assert(
    fc.property(lost, fc.integer({ min: 0, max: 10 }), restarts, (missing, gapMs, restartAt) => {
      const there = Array.from({ length: 60 }, (_, i) => i).filter((i) => !missing.has(i));
      const later = { ...entry('s/0/1', 60), timestamp: 1000 };
      const log = inLog([...there.map((i) => entry('s/0/1', i, i)), later]);
      const told: number[] = [];
      const onLoss = ({ expected, seen }: Loss): void => {
        for (let number = expected; number < seen; number++) told.push(number);
      };
      const { taken } = read(log, { gapMs, onLoss }, restartAt);
      expect(taken).toEqual([...there, 60].map((i) => `s/0/1#${i}`));
      expect(told).toEqual([...missing].sort((a, b) => a - b));
    }),
  );
});
