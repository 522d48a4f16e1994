import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import type { KafkaOptions } from '../../src/log/kafka/options.ts';
import { type Broker, hasKafka, startBroker } from '../parts/kafka.ts';

const run = promisify(execFile);

/** A certificate authority with certificates for the broker and one client, as PEM files. */
async function makeCertificates(folder: string): Promise<void> {
  const openssl = (...args: string[]) => run('openssl', args, { cwd: folder });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  await openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=ca');
  await writeFile(join(folder, 'san.cnf'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  for (const name of ['broker', 'client']) {
    const files = ['-keyout', `${name}.key`, '-out', `${name}.csr`];
    await openssl('req', ...key.slice(0, 5), ...files, '-subj', `/CN=${name}`);
    const ca = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
    const out = ['-in', `${name}.csr`, '-out', `${name}.pem`, '-extfile', 'san.cnf'];
    await openssl('x509', '-req', ...ca, ...out);
  }
  const broker = (await readFile(join(folder, 'broker.key'), 'utf8')).concat(
    await readFile(join(folder, 'broker.pem'), 'utf8'),
  );
  await writeFile(join(folder, 'broker-store.pem'), broker);
}

describe.skipIf(!hasKafka())('TLS and SASL against a real broker', () => {
  let folder: string;
  let broker: Broker;
  const pem: Record<string, string> = {};

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'seastate-certs-'));
    await makeCertificates(folder);
    for (const name of ['ca.pem', 'client.pem', 'client.key']) {
      pem[name] = await readFile(join(folder, name), 'utf8');
    }
    const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
    const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
    broker = await startBroker({
      listeners: ['SSL', 'SASL', 'SASL_SSL'],
      format: [
        '--add-scram=SCRAM-SHA-256=[name=ann,password=sesame]',
        '--add-scram=SCRAM-SHA-512=[name=bob,password=mellon]',
      ],
      properties: [
        'ssl.keystore.type=PEM',
        `ssl.keystore.location=${join(folder, 'broker-store.pem')}`,
        'ssl.truststore.type=PEM',
        `ssl.truststore.location=${join(folder, 'ca.pem')}`,
        'listener.name.ssl.ssl.client.auth=required',
        'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
        ...['sasl', 'sasl_ssl'].flatMap((name) => [
          `listener.name.${name}.plain.sasl.jaas.config=${plain} user_carl="open";`,
          `listener.name.${name}.scram-sha-256.sasl.jaas.config=${scram}`,
          `listener.name.${name}.scram-sha-512.sasl.jaas.config=${scram}`,
        ]),
      ],
    });
  });
  afterAll(async () => {
    await broker?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function roundTrip(listener: string, options: Partial<KafkaOptions>): Promise<string> {
    const log = await openKafkaLog({
      brokers: [broker.addressOf(listener)],
      topics: [{ name: 'telemetry', partitions: 1 }],
      ...options,
    });
    try {
      const value = Buffer.from(listener);
      const offset = await log.append('telemetry', 0, [{ headers: {}, value }]);
      const [record] = await log.read('telemetry', 0, offset);
      return Buffer.from(record!.value!).toString();
    } finally {
      await log.close();
    }
  }
  const tls = () => ({ ca: pem['ca.pem']! });
  const mtls = () => ({ ...tls(), cert: pem['client.pem']!, key: pem['client.key']! });

  test('mutual TLS', async () => {
    expect(await roundTrip('SSL', { tls: mtls() })).toBe('SSL');
  });

  test('without a client certificate, or with a wrong authority, nothing is sent', async () => {
    await expect(roundTrip('SSL', { tls: tls() })).rejects.toMatchObject({ retry: 'later' });
    const { ca: _, ...noAuthority } = mtls();
    await expect(roundTrip('SSL', { tls: noAuthority })).rejects.toThrow(/certificate/);
  });

  test.each([
    ['PLAIN', 'carl', 'open'],
    ['SCRAM-SHA-256', 'ann', 'sesame'],
    ['SCRAM-SHA-512', 'bob', 'mellon'],
  ] as const)('SASL %s, in the clear and under TLS', async (mechanism, username, password) => {
    const sasl = { mechanism, username, password };
    expect(await roundTrip('SASL', { sasl })).toBe('SASL');
    expect(await roundTrip('SASL_SSL', { sasl, tls: tls() })).toBe('SASL_SSL');
  });

  test('a wrong password is refused by name', async () => {
    const sasl = { mechanism: 'SCRAM-SHA-256', username: 'ann', password: 'wrong' } as const;
    await expect(roundTrip('SASL', { sasl })).rejects.toMatchObject({
      code: 'log_denied',
      message: expect.stringContaining('refuse these credentials'),
    });
  });
});
