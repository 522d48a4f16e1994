import { expect, test } from 'vitest';
import { Script } from './script.test-kit.ts';

const on = { object: 'n1', host: 'n1' };

/** A reboot as events, those at its end in this order, and as metrics with a lag. */
function reboot(
  ending: readonly (readonly [reason: string, at: number])[],
  back: number,
): string[] {
  const script = new Script();
  for (let t = 0; t <= 600; t += 15) {
    script.condition(t, 'n1', 'Ready', t > 110 && t < back ? 0 : 1);
    script.condition(t, 'n2', 'Ready', 1);
  }
  script.event(100, { ...on, reason: 'NodeNotReady' });
  for (const [reason, at] of ending) script.event(at, { ...on, reason });
  return script.run().lines;
}

const told = ['node_rebooted Node/n1 100..197'];

test.each([
  [
    'reboot before readiness',
    [
      ['Rebooted', 196],
      ['Starting', 196],
      ['NodeReady', 197],
    ],
    210,
  ],
  [
    'readiness before reboot, at once',
    [
      ['NodeReady', 197],
      ['Rebooted', 197],
    ],
    210,
  ],
  [
    'and the metrics late',
    [
      ['NodeReady', 197],
      ['Rebooted', 197],
    ],
    240,
  ],
  [
    'the reboot told later',
    [
      ['NodeReady', 197],
      ['Rebooted', 205],
    ],
    210,
  ],
] as const)('one reboot is told once: %s', (_, ending, back) => {
  expect(reboot(ending, back)).toEqual(told);
});

test('two reboots are told twice', () => {
  const script = new Script().healthy(0, 600, ['n1', 'n2']);
  for (const at of [100, 150]) {
    script
      .event(at, { ...on, reason: 'NodeNotReady' })
      .event(at + 20, { ...on, reason: 'NodeReady' })
      .event(at + 20, { ...on, reason: 'Rebooted' });
  }
  expect(script.run().lines).toEqual([
    'node_rebooted Node/n1 100..120',
    'node_rebooted Node/n1 150..170',
  ]);
});
