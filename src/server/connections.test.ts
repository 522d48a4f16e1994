import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { partsOf } from './parts.test-kit.ts';
import type { ServerParts } from './parts.ts';
import { type RunningServer, serverOptions, startServer } from './server.ts';

let server: RunningServer;
afterEach(() => server.stop(0));

async function serve(parts: Partial<ServerParts> = {}): Promise<void> {
  const listen = { host: '127.0.0.1', port: 0 };
  server = await startServer(serverOptions({ listen }), partsOf(parts));
}

test('a stop lets a request finish and refuses new connections', async () => {
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  await serve({
    status: async () => {
      begun.resolve();
      await gate.promise;
      return {};
    },
  });
  const slow = fetch(`${server.url}/api/v1/status`);
  await begun.promise;
  const stopped = server.stop(10_000);
  await expect(fetch(`${server.url}/-/healthy`)).rejects.toThrow();
  gate.resolve();
  expect((await slow).status).toBe(200);
  await stopped;
});

test('a stop does not wait for connections without a request', async () => {
  await serve();
  const said = ['', 'GET /-/healthy HTTP/1.1\r\nHos', 'GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n'];
  const ended = said.map(async (text) => {
    const socket = connect(server.port, '127.0.0.1').resume();
    // It may be told of its end as of a reset.
    const closed = new Promise((resolve) => socket.on('error', () => {}).once('close', resolve));
    await once(socket, 'connect');
    socket.write(text);
    if (text.endsWith('\r\n\r\n')) await once(socket, 'data');
    return { closed };
  });
  const open = await Promise.all(ended);
  await server.stop(3_600_000);
  await Promise.all(open.map(({ closed }) => closed));
});

test('a stop ends what does not finish in time', async () => {
  const begun = Promise.withResolvers<void>();
  await serve({
    status: () => {
      begun.resolve();
      return new Promise(() => {});
    },
  });
  const stuck = fetch(`${server.url}/api/v1/status`);
  stuck.catch(() => {});
  await begun.promise;
  await server.stop(20);
  await expect(stuck).rejects.toThrow();
});
