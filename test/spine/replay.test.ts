import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runOnce } from '../../src/cli/run-once.ts';
import { openJournals } from '../../src/log/journal/journals.ts';
import { rejectedDataOf, rejectedRecord } from '../../src/log/rejected.ts';
import { defaultTopics } from '../../src/log/topics.ts';
import { prometheus3, prometheusDebian } from '../parts/programs.ts';
import { startPrometheus } from '../parts/prometheus.ts';
import { Seastate, until } from '../parts/seastate.ts';
import { write } from '../parts/write.ts';
import { samplesOf } from './read-back.ts';

const rounds = 40;
const began = Date.now() - 1_200_000;
const clusters = ['c1', 'c2', 'c3'];
let source: Seastate;

/** Samples of all clusters, with stale markers and values that are no numbers among them. */
async function send(url: string, round: number): Promise<void> {
  for (const cluster of clusters) {
    const series = Array.from({ length: 50 }, (_, i) => ({
      labels: [
        ['__name__', i % 2 ? 'depth' : 'height'],
        ['cluster', cluster],
        ['i', String(i)],
      ] as [string, string][],
      samples: [
        {
          time: began + round * 15_000,
          value:
            i === 7 && round % 10 === 9
              ? ('stale' as const)
              : i === 8
                ? Number.POSITIVE_INFINITY
                : round + i / 10,
        },
      ],
    }));
    expect(await write(url, series)).toBe(204);
  }
}

beforeAll(async () => {
  source = await (await Seastate.create('--partitions', '4')).start();
  for (let round = 0; round < rounds; round++) await send(source.url, round);
});
afterAll(() => source.close());

const replay = (...args: string[]) => runOnce(['replay', '--data', source.folder, ...args]);

const plain = (samples: Set<string>): Set<string> =>
  new Set([...samples].filter((line) => !line.endsWith('stale')));

describe.each([
  ['Debian, remote write 1.0', prometheusDebian, '1.0'],
  ['3.x, remote write 2.0', prometheus3, '2.0'],
])('a real Prometheus (%s)', (_name, binary, protocol) => {
  test.runIf(binary)('gets exactly the samples of the range, once', async () => {
    const receiver = await startPrometheus({
      binary: binary!,
      configYaml: 'global: {}\n',
      flags: ['--web.enable-remote-write-receiver'],
    });
    try {
      const url = `${receiver.url}/api/v1/write`;
      const { code, err } = await replay('--from', '-1h', '--url', url);
      expect({ code, err }).toMatchObject({ code: 0 });
      expect(err).toContain(`${rounds * 150} samples in`);
      expect(err).toContain(`by remote write ${protocol}.`);
      const there = await receiver.samples('{__name__=~"depth|height"}[2h]');
      expect(there).toEqual(plain(await samplesOf(source.folder)));
    } finally {
      await receiver.close();
    }
  });
});

test('Seastate to Seastate, all bits; chosen series of one cluster; stopped and gone on with', async () => {
  const target = await (await Seastate.create('--partitions', '3')).start();
  try {
    const url = `${target.url}/api/v1/write`;
    const chosen = await replay(
      '--cluster',
      'c2',
      '--select',
      '{__name__="depth",i=~"1.*"}',
      '--url',
      url,
    );
    expect(chosen.err).toMatch(/^240 samples in \d+ requests sent by remote write 2.0/);
    const all = await samplesOf(source.folder);
    const isChosen = (line: string) => /^depth c2 1\d? /.test(line);
    expect(await samplesOf(target.folder)).toEqual(new Set([...all].filter(isChosen)));

    const stop = new AbortController();
    const args = ['replay', '--data', source.folder, '--url', url, '--rate', '2000'];
    setTimeout(() => stop.abort(), 1_000);
    const first = await runOnce(args, {}, { signal: stop.signal });
    expect(first.err).toMatch(/Stopped\. (Nothing was sent|Go on with --from)/);
    const from = /--from (\S+)/.exec(first.err)?.[1] ?? '-1h';
    const second = await replay('--from', from, '--url', url, '--protocol', '1.0');
    expect(second).toMatchObject({ code: 0 });
    expect(await samplesOf(target.folder)).toEqual(all);
  } finally {
    await target.close();
  }
});

test('what is wrong is said, and where to go on', async () => {
  expect(await replay()).toMatchObject({ code: 2, err: expect.stringContaining('where to?') });
  const sink = await replay('--sink', 'main');
  expect(sink).toMatchObject({ code: 2, err: expect.stringContaining('there is no sink "main"') });
  const wrong = await replay('--url', `${source.url}/nowhere`);
  expect(wrong.code).toBe(1);
  expect(wrong.err).toMatch(/answered 404.*check the address.*\n.*Nothing was sent\./s);
});

test('what was rejected goes where it belongs once its cause is mended; the rest is listed', async () => {
  const [from, to] = await Promise.all([Seastate.create(), Seastate.create()]);
  await to.start();
  try {
    const log = await openJournals({
      dir: join(from.folder, 'log'),
      topics: defaultTopics(16),
      now: Date.now,
    });
    const time = new Date().toISOString();
    const event = {
      ...{ apiVersion: 'v1', kind: 'Event', type: 'Normal', count: 1, reason: 'NodeNotReady' },
      metadata: { name: 'worker-1.a', namespace: 'default', uid: 'a' },
      involvedObject: { kind: 'Node', name: 'worker-1', uid: 'worker-1' },
      message: 'Node worker-1 status is now: NodeNotReady',
      firstTimestamp: time,
      lastTimestamp: time,
      source: { component: 'node-controller' },
    };
    const values: [format: string, reason: string, value: string][] = [
      ['vector-text', 'bad_value', `${time} depth{cluster="v1"} = 42`],
      ['vector-text', 'bad_value', 'nothing that could be read'],
      ['kubernetes-events', 'no_cluster', JSON.stringify(event)],
    ];
    for (const [offset, [format, reason, value]] of values.entries()) {
      const why = { source: 'kafka/old', topic: 'old', partition: 0, error: 'x', format, reason };
      const record = { offset, headers: {}, value: Buffer.from(value) };
      const rejected = rejectedRecord(rejectedDataOf(why, record, 1e6), 'default', Date.now());
      await log.append('rejected', 0, [rejected, rejected]);
    }
    await log.close();
    const args = ['--from', 'rejected', '--cluster', 'c9', '--url', `${to.url}/api/v1/write`];
    const { code, err } = await runOnce(['replay', '--data', from.folder, ...args]);
    expect(err).toMatch(/^1 samples in 1 requests sent by remote write 2.0/);
    expect(err).toContain('1 records with Kubernetes events sent');
    expect(err).toMatch(/Still of no use: 1 \(\w+\), such as kafka\/old old\/0\/1: not readable/);
    expect(code).toBe(1);
    expect([...(await samplesOf(to.folder))]).toEqual([`depth v1 ${Date.parse(time)} 42`]);
    await until(async () => {
      const { events } = await to.api('events');
      return events.some(({ cluster }: { cluster: string }) => cluster === 'c9');
    });
  } finally {
    await Promise.all([from.close(), to.close()]);
  }
});
