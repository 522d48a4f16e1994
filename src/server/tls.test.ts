import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { partsOf } from './parts.test-kit.ts';
import { type RunningServer, serverOptions, startServer } from './server.ts';

const run = promisify(execFile);
let folder: string;
const path = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seastate-tls-'));
  const openssl = (...args: string[]) => run('openssl', args, { cwd: folder });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=ca');
  await openssl('req', '-x509', ...key, '-keyout', 'x.key', '-out', 'x.pem', '-subj', '/CN=prod-1');
  await writeFile(path('ext'), 'subjectAltName=IP:127.0.0.1');
  for (const name of ['server', 'server-2', 'prod-1', 'prod-2']) {
    const files = ['-keyout', `${name}.key`, '-out', `${name}.csr`];
    await openssl('req', ...key, ...files, '-subj', `/CN=${name}`);
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'ext'];
    await openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-out', `${name}.pem`);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const parts = partsOf({
  write: {
    handle: async (_request, response, sender) => void response.end(JSON.stringify(sender)),
  },
  warn: (_fields, message) => warnings.push(message),
});
const warnings: string[] = [];

interface Reply {
  readonly status: number;
  readonly text: string;
  /** Common name of the server's certificate. */
  readonly server: string;
}

async function post(server: RunningServer, client?: string): Promise<Reply> {
  const ca = await readFile(path('ca.pem'));
  const own = client
    ? { cert: await readFile(path(`${client}.pem`)), key: await readFile(path(`${client}.key`)) }
    : {};
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', ca, agent: false, ...own };
    const request = httpsRequest(`${server.url}/api/v1/write`, options, (response) => {
      const { subject } = (
        response.socket as unknown as { getPeerCertificate(): { subject: { CN: string } } }
      ).getPeerCertificate();
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += String(chunk);
      });
      response.on('end', () => resolve({ status: response.statusCode!, text, server: subject.CN }));
    });
    request.on('error', reject);
    request.end();
  });
}

const serve = (
  clientCertificate: 'required' | 'optional' | undefined,
  commonName: string,
): Promise<RunningServer> =>
  startServer(
    serverOptions({
      listen: { host: '127.0.0.1', port: 0 },
      pageFolder: path('none'),
      // Files are read when a test says so.
      filesPollMs: 3_600_000,
      tls: {
        certFile: path('now.pem'),
        keyFile: path('now.key'),
        ...(clientCertificate ? { clientCaFile: path('ca.pem'), clientCertificate } : {}),
      },
      credentials: clientCertificate
        ? [{ name: 'cert', tenant: 'acme', roles: ['write'], certificate: { commonName } }]
        : [],
    }),
    parts,
  );

const use = async (name: string): Promise<void> => {
  await copyFile(path(`${name}.pem`), path('now.pem'));
  await copyFile(path(`${name}.key`), path('now.key'));
};

test('TLS, and a new certificate for new connections', async () => {
  await use('server');
  const server = await serve(undefined, '');
  try {
    expect(server.url).toMatch(/^https:/);
    expect(await post(server)).toMatchObject({ status: 200, server: 'server' });
    // Half of a rotation: certificate and key do not fit, the old pair stays.
    await copyFile(path('server-2.pem'), path('now.pem'));
    await server.refreshFiles();
    expect(warnings).toEqual([expect.stringContaining('TLS files could not be read')]);
    expect(await post(server)).toMatchObject({ status: 200, server: 'server' });
    await use('server-2');
    await server.refreshFiles();
    expect(await post(server)).toMatchObject({ status: 200, server: 'server-2' });
  } finally {
    await server.stop(0);
  }
});

test('stop does not wait for handshakes, nor for connections without a request', async () => {
  await use('server');
  const server = await serve(undefined, '');
  const raw = connect(server.port, '127.0.0.1').resume();
  const secure = connectTls({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false });
  // They may be told of their end as of a reset.
  const closed = [raw, secure].map(
    (socket) =>
      new Promise((resolve) => {
        socket
          .resume()
          .on('error', () => {})
          .once('close', resolve);
      }),
  );
  await Promise.all([once(raw, 'connect'), once(secure, 'secureConnect')]);
  expect(await post(server)).toMatchObject({ status: 200 });
  await server.stop(3_600_000);
  await Promise.all(closed);
});

test('mTLS: required, by common name', async () => {
  await use('server');
  const server = await serve('required', 'prod-1');
  try {
    const known = await post(server, 'prod-1');
    expect(JSON.parse(known.text)).toMatchObject({ name: 'cert', tenant: 'acme' });
    expect((await post(server, 'prod-2')).status).toBe(401);
    await expect(post(server)).rejects.toThrow();
    // The right name, signed by somebody else.
    await expect(post(server, 'x')).rejects.toThrow();
  } finally {
    await server.stop(0);
  }
});

test('mTLS: optional, and any name of our authority', async () => {
  await use('server');
  const server = await serve('optional', '*');
  try {
    expect(JSON.parse((await post(server, 'prod-2')).text)).toMatchObject({ name: 'prod-2' });
    expect((await post(server)).status).toBe(401);
    expect((await post(server, 'x')).status).toBe(401);
  } finally {
    await server.stop(0);
  }
});

test('files that are no certificate are refused at the start', async () => {
  await writeFile(path('now.pem'), 'nonsense');
  await expect(serve(undefined, '')).rejects.toMatchObject({ code: 'bad_tls' });
});
