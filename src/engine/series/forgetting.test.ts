import { expect, test } from 'vitest';
import { StageDriver } from '../../testing/stage-driver.ts';
import { defineProcessor, type ProcessorDefinition } from '../processor.ts';
import { type Row, sameKey } from '../tables.ts';

interface Counted extends Row {
  born: number;
  forgotten: number;
}

/** Tells of each tick how many series got a slot in it, and how many gave theirs back. */
const counted = defineProcessor({
  name: 'counted',
  version: 1,
  outputs: ['x-counted'],
  create(context) {
    const rows = context.table<Counted>('counted', sameKey);
    const row = () => rows.get('all') ?? rows.set('all', { cluster: 0, born: 0, forgotten: 0 });
    return {
      born: () => void row().born++,
      forgotten: () => void row().forgotten++,
      tick(tick) {
        const { born, forgotten } = row();
        rows.set('all', { cluster: 0, born: 0, forgotten: 0 });
        if (born + forgotten === 0) return;
        const data = { born, forgotten };
        const told = { topic: 'x-counted', type: 'counted', cluster: 0, subject: 'all' };
        context.emit({ ...told, revision: tick, data });
      },
    };
  },
}) as unknown as ProcessorDefinition;

const many = 10_000;

/** All series of one name end at once; others are born while they are forgotten. */
function drive(restoreAfterEach: boolean): StageDriver {
  const driver = new StageDriver([counted], { restoreAfterEach });
  const content = { series: { forget_after_ms: 60_000 } };
  driver.record('settings', { version: 1, sha256: 'a', content });
  const send = (name: string, count: number, value: number | 'stale'): void => {
    const series = Array.from({ length: count }, (_, i) => ({
      labels: [['__name__', name] as const, ['i', String(i)] as const],
      samples: [{ time: driver.now, value }],
    }));
    driver.samples('c', series);
  };
  send('old', many, 1);
  driver.advance(5_000);
  send('old', many, 'stale');
  driver.advance(65_000);
  send('new', 3_000, 1);
  driver.advance(30_000);
  return driver;
}

test('what ended together is forgotten over some ticks, more in one than were born in it', () => {
  const driver = drive(false);
  const ticks = driver.of('x-counted').map(({ data }) => data as Counted);
  expect(ticks.map(({ born, forgotten }) => [born, forgotten])).toEqual([
    [many, 0],
    [3_000, 7_000],
    [0, 3_000],
  ]);
  expect(drive(true).outputs).toEqual(driver.outputs);
});
