import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SeastateError } from '../core/errors.ts';
import type { CredentialOptions } from './auth/credentials.ts';
import { LiveHub } from './live-hub.ts';
import { partsOf } from './parts.test-kit.ts';
import type { AlertsQuery, ServerParts } from './parts.ts';
import { type RunningServer, type ServerOptions, serverOptions, startServer } from './server.ts';

let folder: string;
const running: RunningServer[] = [];
const warnings: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seastate-server-'));
  warnings.length = 0;
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop(0)));
  await rm(folder, { recursive: true, force: true });
});

const file = async (name: string, content: string): Promise<string> => {
  await writeFile(join(folder, name), content);
  return join(folder, name);
};

async function serve(
  options: Partial<ServerOptions> = {},
  parts: Partial<ServerParts> = {},
): Promise<RunningServer> {
  const listen = { host: '127.0.0.1', port: 0 };
  // Files are read when a test says so, or never.
  const still = { listen, pageFolder: folder, filesPollMs: 3_600_000 };
  const server = await startServer(
    serverOptions({ ...still, ...options }),
    partsOf({
      metrics: async (accept) => ({
        contentType: 'text/plain; version=0.0.4',
        body: `${accept} 1\n`,
      }),
      status: async (tenant) => ({ tenant: tenant ?? null }),
      buildInfo: { version: '0.1.0' },
      warn: (_fields, message) => warnings.push(message),
      ...parts,
    }),
  );
  running.push(server);
  return server;
}

const writer = {
  handle: async (_request: unknown, response: { end(text: string): void }, sender: object) => {
    response.end(JSON.stringify(sender));
  },
} as NonNullable<ServerParts['write']>;

describe('operations', () => {
  test('healthy and ready, with GET and HEAD', async () => {
    let missing = ['log: recovery', 'gateway: starting'];
    const { url } = await serve({}, { notReady: () => missing });
    expect((await fetch(`${url}/-/healthy`)).status).toBe(200);
    const notReady = await fetch(`${url}/-/ready`);
    expect(notReady.status).toBe(503);
    expect(await notReady.text()).toContain('log: recovery\ngateway: starting');
    expect((await fetch(`${url}/-/ready`, { method: 'HEAD' })).status).toBe(503);
    missing = [];
    expect((await fetch(`${url}/-/ready`)).status).toBe(200);
    expect((await fetch(`${url}/-/healthy`, { method: 'HEAD' })).status).toBe(200);
  });

  test('reload: POST and PUT on this machine, off when told, and a failure is told', async () => {
    let reloads = 0;
    const reload = async (): Promise<void> => {
      if (++reloads === 2) throw new SeastateError('bad_config', 'seastate.yaml:3:1: no such key');
    };
    const { url } = await serve({}, { reload });
    expect((await fetch(`${url}/-/reload`, { method: 'POST' })).status).toBe(200);
    const failed = await fetch(`${url}/-/reload`, { method: 'PUT' });
    expect(failed.status).toBe(500);
    expect(await failed.text()).toContain('seastate.yaml:3:1: no such key');
    expect((await fetch(`${url}/-/reload`)).status).toBe(405);
    const crossSite = { method: 'POST', headers: { 'Sec-Fetch-Site': 'cross-site' } };
    expect((await fetch(`${url}/-/reload`, crossSite)).status).toBe(403);
    const off = await serve({ reload: 'off' }, { reload });
    expect((await fetch(`${off.url}/-/reload`, { method: 'POST' })).status).toBe(403);
    expect(reloads).toBe(2);
  });

  test('metrics come from the callback', async () => {
    const { url } = await serve();
    const response = await fetch(`${url}/metrics`, { headers: { Accept: 'x' } });
    expect(response.headers.get('content-type')).toContain('version=0.0.4');
    expect(await response.text()).toBe('x 1\n');
  });
});

describe('read API', () => {
  test.each(['anomalies', 'events'])('%s: open ones by default, all on request', async (topic) => {
    const asked: unknown[] = [];
    const intervals = async (of: string, query: { states: readonly string[] }) => {
      asked.push([of, query.states]);
      return [{ subject: 's' }];
    };
    const { url } = await serve({}, { intervals });
    const ask = async (query: string) => (await fetch(`${url}/api/v1/${topic}${query}`)).json();
    expect(await ask('')).toMatchObject({ data: { [topic]: [{ subject: 's' }] } });
    await ask('?from=-1h');
    await ask('?state=closed');
    expect(await ask('?state=firing')).toMatchObject({ status: 'error' });
    expect(asked).toEqual([
      [topic, ['open']],
      [topic, ['open', 'closed']],
      [topic, ['closed']],
    ]);
  });

  test('alerts: parameters become a query, and a cut list says so', async () => {
    const queries: AlertsQuery[] = [];
    const alerts = async (query: AlertsQuery): Promise<object[]> => {
      queries.push(query);
      return Array.from({ length: query.limit }, (_, i) => ({ i }));
    };
    const { url } = await serve({}, { alerts, now: () => 10_000_000 });
    const query =
      'state=firing,resolved&cluster=a&cluster=b&match[]={severity="critical"}&from=-1h&to=now&limit=2';
    const body = (await (await fetch(`${url}/api/v1/alerts?${query}`)).json()) as object;
    expect(body).toEqual({
      status: 'success',
      data: { alerts: [{ i: 0 }, { i: 1 }] },
      warnings: [expect.stringContaining('more than 2')],
    });
    expect(queries[0]).toMatchObject({
      states: ['firing', 'resolved'],
      clusters: ['a', 'b'],
      fromMs: 6_400_000,
      toMs: 10_000_000,
      tenant: undefined,
    });
    expect(queries[0]!.selectors[0]![0]).toMatchObject({ name: 'severity', value: 'critical' });
    await fetch(`${url}/api/v1/alerts`);
    expect(queries[1]).toMatchObject({ states: ['firing'], limit: 1_001, selectors: [] });
  });

  test.each([
    ['state=odd', 'unknown state "odd"'],
    ['limit=0', 'limit must be'],
    ['from=yesterday', 'is not a time'],
    ['from=now&to=-1h', 'from is after to'],
    ['match[]={a', 'selector'],
    ['clusters=a', 'unknown parameter "clusters"'],
  ])('alerts?%s is bad data: %s', async (query, message) => {
    const { url } = await serve();
    const response = await fetch(`${url}/api/v1/alerts?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      status: 'error',
      errorType: 'bad_data',
      error: expect.stringContaining(message),
    });
  });

  test('status and build info', async () => {
    const { url } = await serve();
    expect(await (await fetch(`${url}/api/v1/status`)).json()).toEqual({
      status: 'success',
      data: { tenant: null, roles: ['write', 'read', 'admin'] },
    });
    const info = await (await fetch(`${url}/api/v1/status/buildinfo`)).json();
    expect(info).toEqual({ status: 'success', data: { version: '0.1.0' } });
  });

  test('errors have one shape: unknown path, wrong method, unavailable, defect', async () => {
    const failures = [
      new SeastateError('log_unavailable', 'later', { retry: 'later' }),
      new Error('secret detail'),
    ];
    const status = async (): Promise<object> => {
      throw failures.shift()!;
    };
    const { url, counters } = await serve({}, { status });
    const get = async (path: string, method = 'GET'): Promise<[number, unknown, string | null]> => {
      const response = await fetch(url + path, { method });
      return [response.status, await response.json(), response.headers.get('allow')];
    };
    expect(await get('/api/v1/nothing')).toMatchObject([404, { errorType: 'not_found' }, null]);
    expect(await get('/api/v1/alerts', 'DELETE')).toMatchObject([
      405,
      { status: 'error', errorType: 'method_not_allowed' },
      'GET, HEAD',
    ]);
    expect(await get('/api/v1/status')).toMatchObject([503, { errorType: 'unavailable' }, null]);
    const defect = await get('/api/v1/status');
    expect(defect).toMatchObject([500, { errorType: 'internal' }, null]);
    expect(JSON.stringify(defect)).not.toContain('secret detail');
    expect(warnings).toHaveLength(1);
    expect(await get('/%zz')).toMatchObject([400, { errorType: 'bad_data' }, null]);
    expect(Object.fromEntries(counters.answers)).toEqual({
      '(unknown) 400': 1,
      '(unknown) 404': 1,
      '(unknown) 405': 1,
      '/api/v1/status 500': 1,
      '/api/v1/status 503': 1,
    });
  });
});

describe('page', () => {
  test('files come from the folder, and nothing else', async () => {
    await file('index.html', '<h1>Seastate</h1>');
    await mkdir(join(folder, 'assets'));
    await file('assets/app-1f.js', 'export {};');
    await file('notes.secret', 'no');
    const { url } = await serve();
    const home = await fetch(url);
    expect(await home.text()).toBe('<h1>Seastate</h1>');
    expect(home.headers.get('content-type')).toContain('text/html');
    expect(home.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(home.headers.get('content-encoding')).toBe('gzip');
    const script = await fetch(`${url}/assets/app-1f.js`);
    expect(script.headers.get('cache-control')).toContain('immutable');
    const etag = { 'If-None-Match': script.headers.get('etag')! };
    expect((await fetch(`${url}/assets/app-1f.js`, { headers: etag })).status).toBe(304);
    for (const path of ['/notes.secret', '/assets/../notes.secret', '/..%2f..%2fetc/passwd']) {
      expect((await fetch(url + path)).status, path).toBe(404);
    }
  });

  test('without a built page it says how to build it', async () => {
    const { url } = await serve({ pageFolder: join(folder, 'absent') });
    expect(await (await fetch(url)).text()).toContain('npm run build:web');
  });
});

describe('authentication', () => {
  const basic = (user: string, password: string): { Authorization: string } => ({
    Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
  });

  const secured = async (now: () => number = Date.now): Promise<RunningServer> =>
    serve(
      {
        rotationGraceMs: 60_000,
        credentials: [
          {
            name: 'prod-1',
            tenant: 'acme',
            roles: ['write'],
            basic: { user: 'prom', passwordFile: await file('password', 'opensesame\n') },
          },
          {
            name: 'viewer',
            tenant: 'acme',
            roles: ['read'],
            bearer: { tokenFile: await file('token', 'tok-1\n') },
          },
          {
            name: 'root',
            roles: ['admin'],
            bearer: { tokenFile: await file('admin', 'tok-root') },
          },
        ],
      },
      { write: writer, now },
    );
  const post = async (
    url: string,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; text: string; challenge: string | null }> => {
    const response = await fetch(`${url}/api/v1/write`, { method: 'POST', headers });
    const challenge = response.headers.get('www-authenticate');
    return { status: response.status, text: await response.text(), challenge };
  };

  test('roles and tenants', async () => {
    const { url } = await secured();
    const unknown = await post(url);
    expect(unknown.status).toBe(401);
    expect(unknown.challenge).toBe('Basic realm="seastate", Bearer realm="seastate"');
    const known = await post(url, basic('prom', 'opensesame'));
    expect(JSON.parse(known.text)).toMatchObject({ name: 'prod-1', tenant: 'acme' });
    expect((await post(url, basic('prom', 'opensesamf'))).status).toBe(401);
    expect((await post(url, basic('promo', 'opensesame'))).status).toBe(401);
    expect((await post(url, { Authorization: 'Basic %%%' })).status).toBe(401);
    expect((await post(url, { Authorization: 'Digest x' })).status).toBe(401);
    expect((await post(url, { Authorization: 'Bearer tok-1' })).status).toBe(403);

    const get = (path: string, token: string): Promise<Response> =>
      fetch(url + path, { headers: { Authorization: `Bearer ${token}` } });
    expect(await (await get('/api/v1/status', 'tok-1')).json()).toMatchObject({
      data: { tenant: 'acme' },
    });
    expect(await (await get('/api/v1/status', 'tok-root')).json()).toMatchObject({
      data: { tenant: null },
    });
    for (const path of ['/', '/metrics', '/api/v1/status', '/api/v1/alerts', '/api/v1/live']) {
      expect((await fetch(url + path)).status, path).toBe(401);
    }
    const denied = await fetch(`${url}/-/reload`, {
      method: 'POST',
      headers: { Authorization: 'Bearer tok-1' },
    });
    expect(denied.status).toBe(403);
    expect((await fetch(`${url}/-/ready`)).status).toBe(200);
    expect(
      (await fetch(`${url}/api/v1/status`, { headers: basic('prom', 'opensesame') })).status,
    ).toBe(403);
  });

  test('a changed secret works at once, and the old one for the grace time', async () => {
    let now = 1_000_000;
    const { url } = await secured(() => now);
    now += 5_000;
    await file('password', 'newword\n');
    expect((await post(url, basic('prom', 'newword'))).status).toBe(200);
    expect((await post(url, basic('prom', 'opensesame'))).status).toBe(200);
    now += 61_000;
    expect((await post(url, basic('prom', 'opensesame'))).status).toBe(401);
    expect((await post(url, basic('prom', 'newword'))).status).toBe(200);
  });

  test('a file that is gone or empty keeps the last good secrets', async () => {
    const server = await secured();
    await rm(join(folder, 'password'));
    await server.refreshFiles();
    expect(warnings).toEqual([expect.stringContaining('secrets could not be read')]);
    expect((await post(server.url, basic('prom', 'opensesame'))).status).toBe(200);
    await file('password', '');
    await server.refreshFiles();
    expect((await post(server.url, basic('prom', 'opensesame'))).status).toBe(200);
    await file('password', 'one\ntwo\n');
    await server.refreshFiles();
    expect((await post(server.url, basic('prom', 'one'))).status).toBe(200);
    expect((await post(server.url, basic('prom', 'two'))).status).toBe(200);
  });

  test('other credentials from now on, but never none where others can reach us', async () => {
    const everywhere = { host: '0.0.0.0', port: 0 };
    const token = (name: string): CredentialOptions => ({
      name,
      roles: ['write'],
      bearer: { tokenFile: join(folder, name) },
    });
    await file('first', 'tok-first');
    const server = await serve(
      { listen: everywhere, credentials: [token('first')] },
      { write: writer },
    );
    const url = server.url.replace('0.0.0.0', '127.0.0.1');
    const status = async (name: string): Promise<number> =>
      (await post(url, { Authorization: `Bearer tok-${name}` })).status;
    const rules = { rotationGraceMs: 0, allowUnauthenticated: false, allowedHosts: [] };
    expect([await status('first'), await status('second')]).toEqual([200, 401]);
    await expect(server.configure({ ...rules, credentials: [] })).rejects.toMatchObject({
      code: 'unsafe_listen',
    });
    await expect(
      server.configure({ ...rules, credentials: [token('second')] }),
    ).rejects.toMatchObject({ code: 'ENOENT' });
    expect([await status('first'), await status('second')]).toEqual([200, 401]);
    await file('second', 'tok-second');
    await server.configure({ ...rules, credentials: [token('second')] });
    expect([await status('first'), await status('second')]).toEqual([401, 200]);
  });

  test('others cannot reach a server that asks nobody who they are', async () => {
    const everywhere = { host: '0.0.0.0', port: 0 };
    await expect(serve({ listen: everywhere })).rejects.toMatchObject({ code: 'unsafe_listen' });
    await expect(serve({ listen: { host: '::', port: 0 } })).rejects.toThrow(
      'without authentication',
    );
    const { url } = await serve({ listen: everywhere, allowUnauthenticated: true });
    expect((await fetch(url.replace('0.0.0.0', '127.0.0.1'))).status).toBe(200);
    await expect(
      serve({ listen: { host: '127.0.0.1', port: Number(new URL(url).port) } }),
    ).rejects.toMatchObject({ code: 'listen_failed' });
  });

  test('without a write route, and with a wrong method', async () => {
    const { url } = await serve();
    expect((await post(url)).status).toBe(404);
    const wrong = await fetch(`${url}/api/v1/write`);
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get('allow')).toBe('POST');
    const crossSite = await serve({}, { write: writer });
    expect((await post(crossSite.url, { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
  });
});

describe('live', () => {
  /** Reads a stream until `count` events came. */
  const events = async (url: string, count: number, lastId?: string): Promise<string[]> => {
    const abort = new AbortController();
    const response = await fetch(`${url}/api/v1/live`, {
      signal: abort.signal,
      ...(lastId === undefined ? {} : { headers: { 'Last-Event-ID': lastId } }),
    });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text.split('\n\n').filter((part) => part.includes('event: ')).length >= count) break;
    }
    abort.abort();
    return text
      .split('\n\n')
      .filter((part) => part.includes('event: '))
      .map((part) => /id: (.*)\nevent: (.*)\ndata: (.*)/.exec(part)!.slice(1).join(' '));
  };

  test('events as they come, and what was missed on return', async () => {
    const live = new LiveHub({ epoch: 'e1', keptMax: 3 });
    const { url } = await serve({}, { live });
    const first = events(url, 2);
    while (live.clients === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    live.publish('alert', { n: 1 });
    expect(await first).toEqual(['e1-0 reset {}', 'e1-1 alert {"n":1}']);
    live.publish('alert', { n: 2 });
    live.publish('status', { n: 3 });
    expect(await events(url, 2, 'e1-1')).toEqual(['e1-2 alert {"n":2}', 'e1-3 status {"n":3}']);
    for (let n = 4; n <= 20; n++) live.publish('alert', { n });
    expect((await events(url, 1, 'e1-1'))[0]).toBe('e1-20 reset {}');
    expect((await events(url, 1, 'other-19'))[0]).toBe('e1-20 reset {}');
  });

  test('a client that does not read is dropped, others go on', async () => {
    const live = new LiveHub({ epoch: 'e' });
    const { port } = await serve({}, { live });
    const deaf = connect(port, '127.0.0.1');
    deaf.write('GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    deaf.pause();
    while (live.clients === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const big = 'x'.repeat(1 << 20);
    for (let i = 0; i < 40 && live.dropped === 0; i++) {
      live.publish('status', big);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(live.dropped).toBe(1);
    expect(live.clients).toBe(0);
    deaf.destroy();
  });

  test('events of a tenant go to its readers and to admins only', () => {
    const live = new LiveHub({ epoch: 'e' });
    const got: Record<string, string[]> = { acme: [], other: [], all: [] };
    const listen = (name: string, tenant: string | undefined): void => {
      live.subscribe(
        tenant,
        'e-0',
        (text) => got[name]!.push(text) > 0,
        () => {},
      );
    };
    listen('acme', 'acme');
    listen('other', 'other');
    listen('all', undefined);
    live.publish('alert', 1, 'acme');
    live.publish('status', 2);
    expect(Object.values(got).map((texts) => texts.length)).toEqual([2, 1, 2]);
  });
});

describe('feedback', () => {
  const anomaly = { subject: 'a1', revision: 3, tenant: 'red', cluster: 'east', state: 'open' };
  const setUp = async () => {
    const written: unknown[] = [];
    const token = async (name: string) => ({ tokenFile: await file(name, `${name}-secret`) });
    const credentials: CredentialOptions[] = [
      { name: 'red', tenant: 'red', roles: ['read', 'write'], bearer: await token('red') },
      { name: 'blue', tenant: 'blue', roles: ['write'], bearer: await token('blue') },
      { name: 'viewer', tenant: 'red', roles: ['read'], bearer: await token('viewer') },
    ];
    const { url } = await serve(
      { credentials },
      {
        intervals: async (_topic, { tenant, subjects }) =>
          tenant === anomaly.tenant && subjects?.includes(anomaly.subject) ? [anomaly] : [],
        feedback: async (owner, value) => void written.push([owner, value]),
        now: () => 0,
      },
    );
    const post = async (name: string, body: unknown, more: Record<string, string> = {}) => {
      const answer = await fetch(`${url}/api/v1/feedback`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${name}-secret`,
          'content-type': 'application/json',
          ...more,
        },
        body: JSON.stringify(body),
      });
      const { data, error } = (await answer.json()) as { data?: object; error?: string };
      return { status: answer.status, data, error };
    };
    return { written, post };
  };

  test('a mark is written with the anomaly as it was told', async () => {
    const { written, post } = await setUp();
    const body = { anomaly: 'a1', mark: 'expected', for: '1d', note: 'backup', like: false };
    expect(await post('red', body)).toMatchObject({
      status: 200,
      data: { anomaly: 'a1', mark: 'expected', like: false, until: '1970-01-02T00:00:00.000Z' },
    });
    const { subject: _, revision, ...data } = anomaly;
    const value = { anomaly: 'a1', mark: 'expected', like: false, for_ms: 86_400_000 };
    expect(written).toEqual([
      [
        { tenant: 'red', cluster: 'east' },
        { ...value, note: 'backup', by: 'red', revision, data },
      ],
    ]);
  });

  test.each([
    ['red', { anomaly: 'a2', mark: 'expected' }, 404, 'there is no anomaly "a2"'],
    ['blue', { anomaly: 'a1', mark: 'expected' }, 404, "another tenant's"],
    ['viewer', { anomaly: 'a1', mark: 'expected' }, 403, 'has not the role write'],
    ['red', { anomaly: 'a1', mark: 'fine' }, 400, 'mark: '],
    ['red', { anomaly: 'a1', mark: 'expected', for: 'long' }, 400, 'not a duration'],
    ['red', { anomaly: 'a1', mark: 'expected', for: '0s' }, 400, 'from 1ms to ten years'],
    ['red', { anomaly: 'a1', mark: 'expected', for: '999999999999d' }, 400, 'ten years'],
    ['red', { anomaly: 'a1', mark: 'confirmed', for: '1d' }, 400, 'does not expire'],
    ['red', { anomaly: 'a1', mark: 'expected', until: 1 }, 400, 'until'],
    ['red', 'a1', 400, 'body: '],
  ])('%s: %j is refused with %i: %s', async (name, body, status, error) => {
    const { written, post } = await setUp();
    expect(await post(name, body)).toMatchObject({ status, error: expect.stringContaining(error) });
    expect(written).toEqual([]);
  });

  test('a page of another site cannot mark anything', async () => {
    const { written, post } = await setUp();
    const body = { anomaly: 'a1', mark: 'expected' };
    expect(await post('red', body, { 'sec-fetch-site': 'cross-site' })).toMatchObject({
      status: 403,
    });
    expect(written).toEqual([]);
  });
});
