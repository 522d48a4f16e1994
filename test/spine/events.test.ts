import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { Seastate, until } from '../parts/seastate.ts';

let seastate: Seastate;
afterEach(async () => {
  await seastate.close();
});

const event = (name: string, reason: string, time: number) => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: `worker-1.${name}`, namespace: 'default', uid: name },
  involvedObject: { kind: 'Node', name: 'worker-1', uid: 'worker-1' },
  reason,
  message: `Node worker-1 status is now: ${reason}`,
  type: 'Normal',
  firstTimestamp: new Date(time).toISOString(),
  lastTimestamp: new Date(time).toISOString(),
  count: 1,
  source: { component: 'kubelet', host: 'worker-1' },
});

test('Kubernetes events over HTTP become intervals on the API and on the command line', async () => {
  const owned = 'settings.clusters.tenants={theirs: another-tenant}';
  seastate = await (await Seastate.create('--partitions', '2', '--set', owned)).start();
  const post = (
    body: string | Uint8Array<ArrayBuffer>,
    query = '?cluster=c1',
    headers: Record<string, string> = {},
  ) => fetch(`${seastate.url}/api/v1/events${query}`, { method: 'POST', body, headers });
  const now = Date.now();
  const first = await post(JSON.stringify(event('a', 'NodeHasInsufficientMemory', now - 60_000)));
  expect([first.status, await first.json()]).toMatchObject([200, { data: { taken: 1 } }]);
  await until(async () => (await seastate.api('events')).events.length > 0);
  const [open] = (await seastate.api('events')).events;
  expect(open).toMatchObject({ state: 'open', cluster: 'c1', object: 'Node/worker-1' });

  const cleared = gzipSync(JSON.stringify(event('b', 'NodeHasSufficientMemory', now - 1_000)));
  expect((await post(cleared, '?cluster=c1', { 'content-encoding': 'gzip' })).status).toBe(200);
  await until(async () => (await seastate.api('events?state=closed')).events.length > 0);

  const nobody = await post(JSON.stringify(event('c', 'NodeNotReady', now)), '');
  expect([nobody.status, await nobody.json()]).toMatchObject([
    400,
    { data: { rejected: { no_cluster: 1 } } },
  ]);
  const theirs = await post(JSON.stringify(event('d', 'NodeNotReady', now)), '?cluster=theirs');
  expect([theirs.status, await theirs.json()]).toMatchObject([
    400,
    { data: { rejected: { other_tenant: 1 } } },
  ]);
  expect((await post(gzipSync('x'), '', { 'content-encoding': 'br' })).status).toBe(400);

  expect((await seastate.tail('events')).join()).toContain('Node/worker-1');

  const cli = async (...words: string[]) => {
    const { code, out, err } = await seastate.cli(...words, '--data', seastate.folder);
    expect(code, err).toBe(0);
    return out;
  };
  const list = await cli('events', 'list', '--cluster', 'c1', '-o', 'csv');
  expect(list.split('\n')[0]).toBe('start,end,cluster,fact,object,severity,title,id');
  expect(list).toContain(`c1,${open.fact},Node/worker-1`);
  expect(list).toContain(open.subject);
  const whole = JSON.parse(await cli('events', 'list', '--fact', open.fact, '-o', 'json'));
  expect(whole).toMatchObject([{ subject: open.subject, state: 'closed', cluster: 'c1' }]);
  for (const none of [['--open'], ['--cluster', 'c2'], ['--fact', 'other'], ['--to', '-1d']]) {
    expect(JSON.parse(await cli('events', 'list', ...none, '-o', 'json'))).toEqual([]);
  }

  const why = await cli('explain', open.subject);
  expect(why).toContain(`rule ${open.rule} of family`);
  expect(why).toMatch(/start +1 +\S+ +Kubernetes event of Node, reason NodeHasInsufficientMemory/);
  expect(why).toContain('no metric told of it');
  const explained = JSON.parse(await cli('explain', `${open.subject}/0`, '-o', 'json'));
  expect(explained).toMatchObject({
    what: 'event',
    event: { subject: open.subject },
    rule: { id: open.rule },
    parent: null,
    children: [],
  });
});

test('200 MB of platform logs with events among them, as a stream', async () => {
  const slow = 'process.limits.request_timeout=10m';
  seastate = await (await Seastate.create('--partitions', '2', '--set', slow)).start();
  const log = `${JSON.stringify({ message: 'reconciling '.repeat(80), level: 'info' })}\n`;
  const block = Buffer.from(log.repeat(1_000));
  const blocks = Math.ceil(200e6 / block.length);
  const now = Date.now();
  async function* body(): AsyncGenerator<Buffer> {
    for (let i = 0; i < blocks; i++) {
      yield block;
      yield Buffer.from(`${JSON.stringify(event(`s${i}`, 'NodeReady', now - 60_000 + i))}\n`);
    }
  }
  const memory = async (): Promise<number> => {
    const text = await (await fetch(`${seastate.url}/metrics`)).text();
    return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)![1]);
  };
  const before = await memory();
  const response = await fetch(`${seastate.url}/api/v1/events?cluster=c1`, {
    method: 'POST',
    body: body(),
    duplex: 'half',
  });
  const { data } = (await response.json()) as { data: object };
  expect([response.status, data]).toMatchObject([200, { taken: blocks, others: blocks * 1_000 }]);
  // It is never held as a whole.
  expect((await memory()) - before).toBeLessThan(170e6);
});
