import { expect, test } from 'vitest';
import { utf8 } from '../../core/bytes.ts';
import { SeastateError } from '../../core/errors.ts';
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

/** A body as it arrives, in pieces of any size. */
async function* body(content: string, size = 7): AsyncGenerator<Uint8Array> {
  const bytes = utf8(content);
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

function receiver() {
  const taken: string[] = [];
  const append = async (owner: { tenant: string; cluster: string }, { name }: { name: string }) => {
    taken.push(`${owner.tenant}/${owner.cluster}/${name}`);
  };
  const now = () => Date.parse('2026-03-01T11:00:00Z');
  const limits = { recordBytesMax: 5_000, documentBytesMax: 10_000, bodyBytesMax: 1 << 20 };
  return { taken, it: new EventReceiver(append, { ...limits, now }) };
}

test('one document, or lines with platform logs between them', async () => {
  const { taken, it } = receiver();
  await it.receive('t', 'c1', body(JSON.stringify(event('a'), null, 2)));
  const lines = [event('b'), { log: 'nothing of ours' }, event('c', { clusterName: 'c2' })];
  const result = await it.receive(
    't',
    'c1',
    body(lines.map((line) => JSON.stringify(line)).join('\n')),
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
  const result = await it.receive('t', 'c1', body(lines.join('\n')));
  expect(taken).toEqual(['t/c1/a']);
  expect(Object.fromEntries(result.rejected)).toEqual({ not_json: 1, time_in_future: 1 });
  const nobody = await it.receive('t', undefined, body(JSON.stringify(event('b'))));
  expect(Object.fromEntries(nobody.rejected)).toEqual({ no_cluster: 1 });
  expect(nobody.errors[0]).toContain('"b" names no cluster');
  expect(it.counters.rejected.get('no_cluster')).toBe(1);
});

test('lines of any length pass through little memory; a document has a limit', async () => {
  const { taken, it } = receiver();
  const long = JSON.stringify(event('long', { message: 'x'.repeat(20_000) }));
  const lines = [JSON.stringify(event('a')), '{}', long, JSON.stringify(event('b')), ''];
  const result = await it.receive('t', 'c1', body(lines.join('\n'), 1_000));
  expect(taken).toEqual(['t/c1/a', 't/c1/b']);
  expect(result).toMatchObject({ taken: 2, others: 1 });
  expect(Object.fromEntries(result.rejected)).toEqual({ too_large: 1 });
  const whole = [
    event('d', { message: 'x'.repeat(4_000) }),
    event('e', { note: 'x'.repeat(4_000) }),
  ];
  await it.receive('t', 'c1', body(JSON.stringify({ items: whole }), 1_000));
  expect(taken.slice(2)).toEqual(['t/c1/d', 't/c1/e']);
  const list = JSON.stringify({ items: [event('c')], filler: 'x'.repeat(20_000) }, null, 2);
  await expect(it.receive('t', 'c1', body(list, 1_000))).rejects.toThrow(/over the limit/);
});

test('whatever the pieces, lines and documents are told apart', async () => {
  const array = `[\n${JSON.stringify(event('a'))},\n${JSON.stringify(event('b'))}\n]`;
  const klog = `I0101 10:00:00 x.go:1] ${JSON.stringify({ verb: 'ADDED', event: event('d') })}`;
  const mixed = ['', JSON.stringify(event('c')), JSON.stringify(event('e')), klog].join('\n');
  for (const size of [1, 3, 50, 10_000]) {
    const { taken, it } = receiver();
    await it.receive('t', 'c1', body(array, size));
    await it.receive('t', 'c1', body(mixed, size));
    expect(taken.map((name) => name.slice(5))).toEqual(['a', 'b', 'c', 'e', 'd']);
  }
});

test("another tenant's cluster is refused", async () => {
  const append = async ({ cluster }: { cluster: string }): Promise<void> => {
    if (cluster === 'theirs') throw new SeastateError('other_tenant', 'not yours');
  };
  const limits = { recordBytesMax: 5_000, documentBytesMax: 10_000, bodyBytesMax: 1 << 20 };
  const it = new EventReceiver(append, {
    ...limits,
    now: () => Date.parse('2026-03-01T11:00:00Z'),
  });
  const lines = [event('a', { clusterName: 'theirs' }), event('b')].map((one) =>
    JSON.stringify(one),
  );
  const result = await it.receive('t', 'c1', body(lines.join('\n')));
  expect(result.taken).toBe(1);
  expect(Object.fromEntries(result.rejected)).toEqual({ other_tenant: 1 });
});
