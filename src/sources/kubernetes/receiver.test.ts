import { expect, test } from 'vitest';
import { utf8 } from '../../core/bytes.ts';
import { EventReceiver } from './receiver.ts';

const event = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name, namespace: 'default', uid: name },
  involvedObject: { kind: 'Node', name: 'worker-1' },
  reason: 'NodeNotReady',
  message: 'Node worker-1 status is now: NodeNotReady',
  type: 'Normal',
  firstTimestamp: '2026-03-01T10:00:00Z',
  lastTimestamp: '2026-03-01T10:00:00Z',
  count: 1,
  source: { component: 'node-controller' },
  ...more,
});

function receiver() {
  const taken: string[] = [];
  const append = async (owner: { tenant: string; cluster: string }, { name }: { name: string }) => {
    taken.push(`${owner.tenant}/${owner.cluster}/${name}`);
  };
  const now = () => Date.parse('2026-03-01T11:00:00Z');
  return { taken, it: new EventReceiver(append, { recordBytesMax: 1 << 20, now }) };
}

test('one document, or lines with platform logs between them', async () => {
  const { taken, it } = receiver();
  await it.receive('t', 'c1', utf8(JSON.stringify(event('a'), null, 2)));
  const lines = [event('b'), { log: 'nothing of ours' }, event('c', { clusterName: 'c2' })];
  const result = await it.receive(
    't',
    'c1',
    utf8(lines.map((line) => JSON.stringify(line)).join('\n')),
  );
  expect(taken.slice(0, 2)).toEqual(['t/c1/a', 't/c1/b']);
  expect(taken[2]).toMatch(/^t\/c[12]\/c$/);
  expect(result).toMatchObject({ taken: 2, others: 1 });
});

test('what is bad is refused by reason, and its neighbours are kept', async () => {
  const { taken, it } = receiver();
  const future = event('f', {
    firstTimestamp: '2031-01-01T00:00:00Z',
    lastTimestamp: '2031-01-01T00:00:00Z',
  });
  const lines = [JSON.stringify(event('a')), '{"involvedObject": cut off', JSON.stringify(future)];
  const result = await it.receive('t', 'c1', utf8(lines.join('\n')));
  expect(taken).toEqual(['t/c1/a']);
  expect(Object.fromEntries(result.rejected)).toEqual({ not_json: 1, time_in_future: 1 });
  const nobody = await it.receive('t', undefined, utf8(JSON.stringify(event('b'))));
  expect(Object.fromEntries(nobody.rejected)).toEqual({ no_cluster: 1 });
  expect(nobody.errors[0]).toContain('"b" names no cluster');
  expect(it.rejected.get('no_cluster')).toBe(1);
});
