import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { partsOf } from './parts.test-kit.ts';
import { serverOptions, startServer } from './server.ts';

const parts = partsOf({
  write: { handle: async (_request, response) => void response.end('taken') },
});

test('a web page that has its own name point here may neither read nor write', async () => {
  const listen = { host: '127.0.0.1', port: 0 };
  const server = await startServer(serverOptions({ listen, pageFolder: 'none' }), parts);
  onTestFinished(() => server.stop(0));
  const ask = async (method: string, path: string, host: string): Promise<string> => {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const asked = { port: server.port, method, path, headers: { host }, agent: false };
    request(asked, resolve).once('error', reject).end();
    const response = await promise;
    return `${response.statusCode} ${await text(response)}`;
  };
  const rebound = 'rebound.example:9797';
  for (const path of ['/api/v1/status', '/api/v1/live', '/metrics', '/']) {
    expect(await ask('GET', path, rebound)).toMatch(/^421 .*rebound\.example.*allowed_hosts/);
  }
  expect(await ask('POST', '/-/reload', rebound)).toMatch(/^421/);
  expect(await ask('POST', '/api/v1/write', rebound)).toMatch(/^421 refused: "rebound\.example/);
  // Probes tell nothing, and are called by whatever name there is.
  expect(await ask('GET', '/-/healthy', rebound)).toMatch(/^200/);
  for (const host of [
    `localhost:${server.port}`,
    'localhost',
    `[::1]:${server.port}`,
    '10.0.0.1',
  ]) {
    expect(await ask('GET', '/api/v1/status', host)).toMatch(/^200/);
    expect(await ask('POST', '/api/v1/write', host)).toBe('200 taken');
  }
  const access = { credentials: [], rotationGraceMs: 0, allowUnauthenticated: false };
  await server.configure({ ...access, allowedHosts: ['rebound.example'] });
  expect(await ask('GET', '/api/v1/status', rebound)).toMatch(/^200/);
});
