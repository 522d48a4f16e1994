import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Authenticator } from './authenticator.ts';

const folder = mkdtempSync(join(tmpdir(), 'seastate-auth-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const tokenFile = join(folder, 'token');
writeFileSync(tokenFile, 'secret');

const request = (authorization?: string): IncomingMessage =>
  ({ headers: { authorization }, socket: new Socket() }) as unknown as IncomingMessage;

test.each([
  [false, undefined, undefined],
  [true, undefined, 'default'],
  [true, 'Bearer secret', 'demo'],
  // A wrong secret is not forgiven.
  [true, 'Bearer wrong', undefined],
])('allowed without credentials %s, header %s: tenant %s', async (allowed, header, tenant) => {
  const credentials = [
    { name: 'demo', tenant: 'demo', roles: ['write' as const], bearer: { tokenFile } },
  ];
  const authenticator = await Authenticator.open(
    {
      credentials,
      allowUnauthenticated: allowed,
      listen: { host: '127.0.0.1', port: 0 },
      allowedHosts: [],
    },
    { now: () => 0, onError: () => {} },
  );
  expect((await authenticator.identify(request(header)))?.tenant).toBe(tenant);
});
