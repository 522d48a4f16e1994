import { describe, expect, test } from 'vitest';
import type { ProcessorDefinition } from '../../engine/processor.ts';
import type { FeedbackMark } from '../../log/feedback.ts';
import { StageDriver } from '../../testing/stage-driver.ts';
import { anomalies } from './definition.ts';
import { type AnomalyData, anomalyData } from './schema.ts';

const step = 60_000;
const dayMs = 86_400_000;
const web = { pod: 'web-7d9c5b6f4c-x2x4z', namespace: 'shop' };
const peer = { pod: 'web-7d9c5b6f4c-b8k9q', namespace: 'shop' };

/** Deterministic noise in [-1, 1). */
function noise(i: number): number {
  const x = Math.imul(i + 1, 0x9e3779b1) ^ (i << 7);
  return (Math.imul(x ^ (x >>> 15), 0x85ebca6b) >>> 0) / 2 ** 31 - 1;
}
const calm = (i: number) => 100 + 5 * noise(i);

interface Told extends AnomalyData {
  readonly subject: string;
  readonly revision: number;
}

class Scene {
  readonly driver: StageDriver;
  #minute = 0;

  constructor(restoreAfterEach: boolean) {
    this.driver = new StageDriver([anomalies as ProcessorDefinition], { restoreAfterEach });
    const route = { select: '{}', model: 'baseline-ratio', per_cluster_day: 10_000 };
    const content = { anomalies: { routes: [route] } };
    this.driver.record('settings', { version: 1, sha256: '', content });
  }

  /** One sample a minute of each of the series. */
  feed(
    minutes: number,
    shape: (i: number, n: number) => number,
    ...all: Record<string, string>[]
  ): this {
    const { driver } = this;
    const each = all.length > 0 ? all : [web];
    for (let k = 0; k < minutes; k++) {
      const i = this.#minute++;
      const series = each.map((labels, n) => ({
        labels: Object.entries({ __name__: 'queue_length', ...labels }) as [string, string][],
        samples: [{ time: driver.now, value: shape(i + 977 * n, n) }],
      }));
      driver.samples('c1', series);
      driver.now += step;
    }
    return this;
  }

  /** A burst of six minutes over the calm, and calm again. */
  burst(by: number, ...all: Record<string, string>[]): this {
    return this.feed(6, (i) => calm(i) + by, ...all).feed(80, calm, ...all);
  }

  get told(): Told[] {
    return this.driver.of('anomalies').map(({ subject, data, id }) => ({
      ...anomalyData.parse(data),
      subject,
      revision: Number(id.split('/').at(-1)),
    }));
  }

  mark(mark: FeedbackMark, about: Told, more: object = {}): this {
    const { subject, revision, ...data } = about;
    const base = { anomaly: subject, mark, like: false, for_ms: dayMs, note: '', by: 'me' };
    this.driver.record('feedback', { ...base, revision, data, ...more }, 'c1');
    return this;
  }

  counter(name: string): number {
    this.driver.advance(60_000);
    return this.driver.of('status').at(-1)!.data.counters[`anomalies_${name}`] ?? 0;
  }
}

const opened = (told: readonly Told[]) => told.filter(({ revision }) => revision === 0).length;

describe.each([false, true])('restored after each record: %s', (restoreAfterEach) => {
  const scene = () => new Scene(restoreAfterEach).feed(150, calm);

  test('the mark stands in the next revision of an open one and of a closed one', () => {
    const s = scene().feed(6, (i) => calm(i) + 300);
    const open = s.told.at(-1)!;
    expect(open).toMatchObject({ state: 'open', feedback: null });
    s.mark('confirmed', open, { note: 'a real one' });
    expect(s.told.at(-1)).toMatchObject({
      state: 'open',
      subject: open.subject,
      revision: open.revision + 1,
      feedback: 'confirmed',
      feedback_note: 'a real one',
    });
    s.feed(8, calm);
    const closed = s.told.at(-1)!;
    expect(closed).toMatchObject({ state: 'closed', feedback: 'confirmed' });
    // Whoever marks it has not seen yet that it is closed: the newest revision is what counts.
    s.mark('expected', open);
    expect(s.told.at(-1)).toMatchObject({
      state: 'closed',
      end: closed.end,
      revision: closed.revision + 1,
      feedback: 'expected',
    });
  });

  test('an expected shape is withheld until it expires, and a larger one is told', () => {
    const s = scene().burst(300);
    expect(opened(s.told)).toBe(1);
    s.mark('expected', s.told.at(-1)!, { for_ms: 20 * 3_600_000 });
    const marked = s.told.length;
    s.burst(300).burst(350);
    expect(s.told.length).toBe(marked);
    expect(s.counter('feedback_withheld')).toBeGreaterThan(0);
    s.burst(2_000);
    expect(opened(s.told)).toBe(2);
    expect(s.told.at(-1)).toMatchObject({ state: 'closed', feedback: null });
    // Behind its expiry nothing is withheld.
    const withheld = s.counter('feedback_withheld');
    s.driver.now += dayMs;
    s.feed(150, calm).burst(60_000);
    expect(opened(s.told)).toBe(3);
    expect(s.counter('feedback_withheld')).toBe(withheld);
  });

  test('what grows beyond the shape while it is withheld is told', () => {
    const s = scene().burst(300);
    s.mark('expected', s.told.at(-1)!);
    const before = opened(s.told);
    s.feed(4, (i) => calm(i) + 300);
    expect(opened(s.told)).toBe(before);
    s.feed(4, (i) => calm(i) + 3_000);
    expect(opened(s.told)).toBe(before + 1);
    expect(s.told.at(-1)!.observed).toBeGreaterThan(3_000);
  });

  test('it holds for the like of the series where that is asked for', () => {
    for (const like of [false, true]) {
      const s = new Scene(restoreAfterEach).feed(150, calm, web, peer);
      const burstOf = (which: number) =>
        s.feed(6, (i, n) => calm(i) + (n === which ? 300 : 0), web, peer);
      burstOf(0).feed(80, calm, web, peer);
      s.mark('expected', s.told.at(-1)!, { like });
      const before = opened(s.told);
      burstOf(1).feed(8, calm, web, peer);
      expect(opened(s.told)).toBe(like ? before : before + 1);
    }
  });

  test('confirmed takes back what was expected', () => {
    const s = scene().burst(300);
    s.mark('expected', s.told.at(-1)!).mark('confirmed', s.told.at(-1)!);
    s.burst(300);
    expect(opened(s.told)).toBe(2);
  });
});

test('kept or restored at every record, all outputs are the same bytes', () => {
  const [kept, restored] = [false, true].map((restoreAfterEach) => {
    const s = new Scene(restoreAfterEach).feed(120, calm).burst(300);
    s.mark('expected', s.told.at(-1)!, { like: true }).burst(300);
    s.feed(3, (i) => calm(i) + 300).mark('confirmed', s.told.at(-1)!);
    s.feed(3, (i) => calm(i) + 3_000);
    return Buffer.from(s.driver.position.digest).toString('hex');
  });
  expect(restored).toBe(kept);
});

test('a record that is no feedback is counted, and a mark on nothing known too', () => {
  const s = new Scene(false).feed(2, calm);
  s.driver.record('feedback', { anomaly: 'x' }, 'c1');
  s.driver.give({ kind: 'feedback', tenant: 'default', cluster: 'c1' }, new Uint8Array([1, 2]));
  expect(s.counter('feedback_unreadable')).toBe(2);
  expect(s.told).toEqual([]);
});
