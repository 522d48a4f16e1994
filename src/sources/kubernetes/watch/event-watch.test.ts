import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import type { NewRecord } from '../../../log/log.ts';
import { newCounters } from '../../counters.ts';
import { KubernetesApi } from './api.ts';
import { EventWatch, type EventWatchOptions, type EventWatchParts } from './event-watch.ts';
import { WatchPositions } from './position.ts';

/** Answers by path and query, in the order of the requests: as an API server gives them. */
type Answer = (response: ServerResponse, url: URL) => void;

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

const event = (name: string, resourceVersion: string, more: object = {}) => ({
  metadata: { name, namespace: 'default', uid: name, resourceVersion },
  regarding: { kind: 'Node', name: 'worker-1' },
  reason: 'NodeReady',
  note: 'Node worker-1 status is now: NodeReady',
  type: 'Normal',
  eventTime: '2026-03-01T10:00:00.000000Z',
  reportingController: 'kubelet',
  ...more,
});
const line = (type: string, object: object): string => `${JSON.stringify({ type, object })}\n`;
const json =
  (status: number, body: object): Answer =>
  (response) =>
    response.writeHead(status).end(JSON.stringify(body));
const list = (items: object[], resourceVersion: string, more: object = {}): Answer =>
  json(200, { kind: 'EventList', metadata: { resourceVersion, ...more }, items });
const gone = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' };

async function rig(
  answers: Answer[],
  options: Partial<EventWatchOptions> = {},
  parts: Partial<EventWatchParts> = {},
) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://localhost');
    asked.push(`${url.pathname}${url.search}`);
    const answer = answers.shift();
    // What is not told beforehand waits for the end.
    if (answer) answer(response, url);
    else response.writeHead(200).flushHeaders();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const folder = await mkdtemp(join(tmpdir(), 'seastate-watch-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = {
    clusters: [{ name: 'here', cluster: { server: address, 'insecure-skip-tls-verify': true } }],
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'me' } }],
    users: [{ name: 'me', user: { token: 'secret' } }],
    'current-context': 'here',
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const api = await KubernetesApi.open({ kubeconfig, context: undefined });
  const taken: string[] = [];
  const rejected: NewRecord[] = [];
  const counters = newCounters();
  const stop = new AbortController();
  const open = async () => {
    const positions = await WatchPositions.open(join(folder, 'sources', 'w.json'), api.server);
    const limits = { pageSize: 2, watchMs: 5_000, eventBytesMax: 2_000, rejectedBytesMax: 1_000 };
    const names = { name: 'w', tenant: 't', cluster: 'c1', namespaces: [] };
    return new EventWatch(
      { ...names, ...limits, ...options },
      {
        ...{ api, positions, counters },
        append: async ({ cluster }, { name }) => {
          taken.push(`${cluster}/${name}`);
        },
        reject: async (records) => rejected.push(...records),
        now: () => Date.parse('2026-03-01T11:00:00Z'),
        onReading: () => {},
        ...parts,
      },
      stop.signal,
    );
  };
  const watch = await open();
  const running = watch.run();
  running.catch(() => {});
  endings.push(
    () => rm(folder, { recursive: true }),
    async () => {
      stop.abort();
      await running.catch(() => {});
      server.closeAllConnections();
      server.close();
    },
  );
  return { asked, taken, rejected, counters, running, api, folder };
}

const group = json(200, { kind: 'APIResourceList' });

test('pages of a list, then the watch from its version; bookmarks and deletions are no events', async () => {
  const { asked, taken, counters } = await rig([
    group,
    list([event('a', '3'), event('b', '4')], '9', { continue: 'more' }),
    list([event('c', '5')], '9'),
    (response) => {
      const lines = [line('ADDED', event('d', '10')), line('BOOKMARK', event('', '17'))];
      const text = [...lines, line('DELETED', event('a', '18'))].join('');
      // In the middle of a line.
      response.writeHead(200).write(text.slice(0, 100));
      setTimeout(() => response.end(text.slice(100)), 20);
    },
  ]);
  await expect.poll(() => asked.length).toBe(5);
  expect(taken).toEqual(['c1/a', 'c1/b', 'c1/c', 'c1/d']);
  expect(asked[1]).toBe('/apis/events.k8s.io/v1/events?limit=2');
  expect(asked[2]).toContain('continue=more');
  expect(asked[3]).toContain('resourceVersion=9&');
  expect(asked[3]).toContain('allowWatchBookmarks=true');
  expect(asked[4]).toContain('resourceVersion=18&');
  expect(counters.lists).toBe(1);
});

test('a server that forgot the version, in words or by status, is asked for a new list', async () => {
  const { asked, taken, counters } = await rig([
    group,
    list([event('a', '3')], '9'),
    (response) => response.end(line('ADDED', event('b', '10')) + line('ERROR', gone)),
    list([event('b', '10')], '20'),
    json(410, gone),
    list([], '30'),
  ]);
  await expect.poll(() => asked.length).toBe(7);
  expect(taken).toEqual(['c1/a', 'c1/b', 'c1/b']);
  expect(counters.lists).toBe(3);
  expect(asked[6]).toContain('resourceVersion=30&');
});

test('an old server without events.k8s.io, and one namespace', async () => {
  const core = { ...event('a', '3'), regarding: undefined };
  const old = { ...core, involvedObject: { kind: 'Node', name: 'worker-1' } };
  const { asked, taken } = await rig([json(404, {}), list([old], '9')], { namespaces: ['team a'] });
  await expect.poll(() => asked.length).toBe(3);
  expect(asked[1]).toBe('/api/v1/namespaces/team%20a/events?limit=2');
  expect(taken).toEqual(['c1/a']);
});

test('what is refused is told with its status; what is no event goes to rejected', async () => {
  const bad = event('x', '4', { regarding: { kind: 'Node' } });
  const { counters, rejected, running } = await rig([
    group,
    list([bad], '9'),
    json(403, { message: 'events is forbidden' }),
  ]);
  await expect(running).rejects.toMatchObject({
    code: 'kubernetes_denied',
    message: expect.stringContaining('403 GET /apis/events.k8s.io/v1/events: events is forbidden'),
  });
  expect(Object.fromEntries(counters.rejected)).toEqual({ no_object: 1 });
  const { data } = JSON.parse(Buffer.from(rejected[0]!.value!).toString());
  expect(data).toMatchObject({ source: 'kubernetes/w', offset: 4, reason: 'no_object' });
});

test('a run that fails ends when nothing of it is under way, and writes no position later', async () => {
  const slow = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const append = async (): Promise<void> => {
    begun.resolve();
    await slow.promise;
  };
  const denied: Answer = (response) => {
    begun.promise.then(() => response.writeHead(403).end('{}'));
  };
  const answers: Answer[] = [group];
  for (let i = 0; i < 3; i++) {
    answers.push((response, url) =>
      url.pathname.includes('/bad/')
        ? denied(response, url)
        : url.searchParams.has('watch')
          ? response.writeHead(200).write(line('ADDED', event('a', '3')))
          : list([], '2')(response, url),
    );
  }
  const namespaces = ['bad', 'good'];
  const { running, folder, api } = await rig(answers, { namespaces }, { append });
  let isOver = false;
  running
    .catch(() => {})
    .finally(() => {
      isOver = true;
    });
  await begun.promise;
  await sleep(100);
  expect(isOver).toBe(false);
  slow.resolve();
  await expect(running).rejects.toMatchObject({ code: 'kubernetes_denied' });
  const path = join(folder, 'sources', 'w.json');
  const next = await WatchPositions.open(path, api.server);
  next.set('/events', '99');
  await next.save();
  await sleep(1_200);
  expect((await WatchPositions.open(path, api.server)).of('/events')).toBe('99');
});

test('a position is of one server; without kubeconfig we must be in a pod', async () => {
  const { api, folder } = await rig([group, list([], '9')]);
  const path = join(folder, 'sources', 'other.json');
  const mine = await WatchPositions.open(path, api.server);
  mine.set('/events', '7');
  await mine.save();
  expect((await WatchPositions.open(path, api.server)).of('/events')).toBe('7');
  expect((await WatchPositions.open(path, 'https://other')).of('/events')).toBeUndefined();
  await expect(
    KubernetesApi.open({ kubeconfig: undefined, context: undefined }),
  ).rejects.toMatchObject({ code: 'kubernetes_config' });
});
