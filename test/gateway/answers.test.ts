import { afterEach, describe, expect, test } from 'vitest';
import { text } from '../../src/core/bytes.ts';
import { SeastateError } from '../../src/core/errors.ts';
import { partitionOf } from '../../src/core/placement.ts';
import {
  encodeRequest,
  encodeRequestV1,
  type SeriesInput,
} from '../../src/formats/remote-write/encode.ts';
import { compress } from '../../src/formats/snappy/snappy.ts';
import { defaultTopics } from '../../src/log/topics.ts';
import { MemoryLog } from '../../src/testing/memory-log.ts';
import { bits } from './read-request.ts';
import {
  bodyOf,
  gauge,
  headersOf,
  type Rig,
  type RigOptions,
  startRig,
  v1Headers,
  v2Headers,
} from './rig.ts';

/** What every kind of request is answered, over real sockets and the real journal. */
const rigs: Rig[] = [];
const rig = async (options: RigOptions = {}): Promise<Rig> => {
  const started = await startRig(options);
  rigs.push(started);
  return started;
};
afterEach(async () => {
  await Promise.all(rigs.splice(0).map((each) => each.close()));
});

const many = (
  count: number,
  labels: Record<string, string> = {},
  time = 1_700_000_000_000,
): SeriesInput[] =>
  Array.from({ length: count }, (_, i) => gauge('up', { i: `${i}`, ...labels }, i, time));

describe('written', () => {
  test.each([1, 2] as const)(
    'protocol %i: 204 without a body, durable, where its cluster is placed',
    async (protocol) => {
      const { write, series, records } = await rig();
      const reply = await write(protocol, many(300, { cluster: 'prod' }));
      expect([reply.status, reply.text]).toEqual([204, '']);
      expect(reply.written).toEqual(protocol === 2 ? [300, 0, 0] : [null, null, null]);
      expect(await series()).toHaveLength(300);
      const [record] = await records('samples');
      expect(record).toMatchObject({
        partition: partitionOf('default', 'prod', 4),
        headers: {
          kind: 'samples',
          tenant: 'default',
          cluster: 'prod',
          encoding: 'snappy',
          schema: 'io.prometheus.write.v2.Request',
        },
      });
    },
  );

  test('a clean request of one cluster is appended as the bytes that came', async () => {
    const { post, records, gateway } = await rig();
    const body = bodyOf(2, many(300));
    expect((await post(body)).status).toBe(204);
    const [record] = await records('samples');
    expect(Buffer.compare(record!.value!, body)).toBe(0);
    expect(gateway.counters).toMatchObject({ recordsPassedThrough: 1, recordsEncoded: 0 });
  });

  test('values keep their bits: NaN, stale marker, infinities, zeroes', async () => {
    const { write, series } = await rig();
    const values = [
      Number.NaN,
      'stale',
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      -0,
      5e-324,
    ] as const;
    const given = values.map((value, i) => ({
      labels: [
        ['__name__', 'x'],
        ['i', `${i}`],
      ] as [string, string][],
      samples: [{ time: -5 + i, value }],
    }));
    for (const protocol of [1, 2] as const) {
      expect((await write(protocol, given)).status).toBe(204);
    }
    const expected = values.map((value, i) => [
      -5 + i,
      value === 'stale' ? '7ff0000000000002' : bits(value),
    ]);
    const stored = (await series()).map(({ samples }) => samples[0]);
    expect(stored).toEqual([...expected, ...expected]);
  });

  test('requests of several clusters, and small ones, become one record of each cluster', async () => {
    const { write, records, gateway } = await rig({ gateway: { lingerMs: 60_000 } });
    const mixed = ['a', 'b', 'a', ''].map((cluster, i) =>
      gauge('up', { ...(cluster ? { cluster } : {}), i: `${i}` }),
    );
    const writes = [write(2, mixed), write(1, mixed), write(2, [gauge('y', { cluster: 'b' })])];
    await expect.poll(() => gateway.admission.requests).toBe(3);
    // What waits goes at once.
    await gateway.stop();
    const replies = await Promise.all(writes);
    expect(replies.map(({ status }) => status)).toEqual([204, 204, 204]);
    const clusters = (await records('samples')).map(({ headers }) => headers['cluster']);
    expect(clusters.sort()).toEqual(['a', 'b', 'default']);
    expect(gateway.counters.recordsEncoded).toBe(3);
    expect(gateway.clusters.count).toBe(3);
  });

  test('a request over the size of a record is split', async () => {
    const { write, records, series } = await rig({ gateway: { recordSamplesMax: 1_000 } });
    expect((await write(2, many(3_500))).written).toEqual([3_500, 0, 0]);
    expect((await records('samples')).length).toBe(4);
    expect(await series()).toHaveLength(3_500);
  });

  test('with zstd records are smaller and hold the same', async () => {
    const plain = await rig();
    const dense = await rig({ gateway: { encoding: 'zstd' } });
    const given = many(2_000, { pod: 'apiserver-7d9c', namespace: 'kube-system' });
    for (const { write } of [plain, dense]) {
      expect((await write(2, given)).status).toBe(204);
      expect((await write(1, given)).status).toBe(204);
    }
    const size = async ({ records }: Rig): Promise<number> =>
      (await records('samples')).reduce((sum, { value }) => sum + value!.length, 0);
    expect(await size(dense)).toBeLessThan(await size(plain));
    const [first] = await dense.records('samples');
    expect(first!.headers['encoding']).toBe('zstd');
    expect(await dense.series()).toEqual(await plain.series());
  });

  test('filtered series count as written and are not in the log', async () => {
    const { write, series, gateway } = await rig({
      gateway: { keep: ['{__name__=~"up|down"}'], drop: ['{i="1"}'] },
    });
    const given = [...many(3), gauge('down'), gauge('sideways')];
    expect((await write(2, given)).written).toEqual([5, 0, 0]);
    expect((await write(1, given)).status).toBe(204);
    const names = (await series()).map(({ labels }) => `${labels['__name__']}${labels['i'] ?? ''}`);
    expect(names.sort()).toEqual(['down', 'down', 'up0', 'up0', 'up2', 'up2']);
    expect(gateway.counters.tenant('default')).toMatchObject({
      samples: 6,
      filteredSamples: 4,
      filteredSeries: 4,
    });
  });

  test('an empty request is fine', async () => {
    const { write, records } = await rig();
    expect((await write(2, [])).status).toBe(204);
    expect((await write(1, [])).status).toBe(204);
    expect(await records('samples')).toEqual([]);
  });

  test('unsorted labels, labels of empty value, far times: accepted', async () => {
    const { write, series } = await rig();
    const labels: [string, string][] = [
      ['z', '1'],
      ['__name__', 'x'],
      ['a', '2'],
      ['empty', ''],
    ];
    const future = Date.UTC(2090, 0);
    const given = [{ labels, samples: [{ time: future, value: 1 }] }];
    expect((await write(1, given)).status).toBe(204);
    expect((await write(2, given)).status).toBe(204);
    for (const entry of await series()) {
      expect(entry.labels).toMatchObject({ __name__: 'x', a: '2', z: '1' });
      expect(entry.samples[0]![0]).toBe(future);
    }
  });

  test('metadata of protocol 1 becomes records of the clusters that its sender writes to', async () => {
    const { write, post, records } = await rig();
    await write(1, [gauge('up', { cluster: 'a' }), gauge('up', { cluster: 'b' })]);
    const family = {
      type: 'counter',
      family: 'http_requests_total',
      help: 'Requests.',
      unit: '',
    } as const;
    const body = compress(encodeRequestV1([], [family]));
    expect((await post(body, v1Headers)).status).toBe(204);
    // The same again a minute later: nothing new.
    expect((await post(body, v1Headers)).status).toBe(204);
    const found = await records('metadata');
    expect(found.map(({ headers }) => headers['cluster']).sort()).toEqual(['a', 'b']);
    expect(found[0]!.headers).toMatchObject({ tenant: 'default', schema: 'seastate.metadata.v1' });
    expect(JSON.parse(text(found[0]!.value!))).toEqual({ families: [family] });
  });
});

describe('unsupported', () => {
  const never = new Uint8Array([0xff]);
  test.each([
    { ...v2Headers, 'Content-Type': 'application/json' },
    { ...v2Headers, 'Content-Encoding': 'gzip' },
    { ...v2Headers, 'Content-Encoding': 'zstd' },
    { ...v2Headers, 'Content-Type': 'application/x-protobuf;proto=other.Request' },
  ])('%o: 415', async (headers) => {
    const { post, handler } = await rig();
    const reply = await post(never, headers);
    expect(reply.status).toBe(415);
    expect(reply.text).toContain('io.prometheus.write.v2.Request');
    expect(handler.counters.unsupported).toBe(1);
  });

  test('absent headers are those of protocol 1', async () => {
    const { post, series } = await rig();
    const reply = await post(bodyOf(1, many(1)), { 'Content-Type': '', 'Content-Encoding': '' });
    expect(reply.status).toBe(204);
    expect(await series()).toHaveLength(1);
  });
});

describe('rejected', () => {
  test.each([1, 2] as const)(
    'protocol %i: good neighbours are kept, the bad are named',
    async (protocol) => {
      const { write, series, gateway } = await rig();
      const given: SeriesInput[] = [
        gauge('good'),
        { labels: [['job', 'nameless']], samples: [{ time: 1, value: 1 }] },
        {
          labels: [
            ['__name__', 'twice'],
            ['a', '1'],
            ['a', '2'],
          ],
          samples: [{ time: 1, value: 1 }],
        },
        {
          labels: [
            ['__name__', 'nolabel'],
            ['', '2'],
          ],
          samples: [{ time: 1, value: 1 }],
        },
        gauge('good_too'),
      ];
      const reply = await write(protocol, given);
      expect(reply.status).toBe(400);
      expect(reply.written).toEqual(protocol === 2 ? [2, 0, 0] : [null, null, null]);
      const [first] = reply.text.split('\n');
      expect(first).toContain('3 of 5 series rejected (3 samples), the others are written');
      expect(first).toContain('1 no_metric_name, 1 duplicate_label, 1 empty_label_name');
      expect(first).toContain('nameless');
      expect(reply.text).toContain('twice');
      expect((await series()).map(({ labels }) => labels['__name__']).sort()).toEqual([
        'good',
        'good_too',
      ]);
      expect(gateway.counters.tenant('default')).toMatchObject({ samples: 2, rejectedSamples: 3 });
      expect(gateway.counters.tenant('default').rejectedSeries.get('duplicate_label')).toBe(1);
    },
  );

  test('references out of range reject their series alone', async () => {
    const { post, series } = await rig();
    const request = encodeRequest([gauge('bad', {}, 1, 7), gauge('good', {}, 1, 7)]);
    // The refs of the first entry: a packed field of two numbers, of which the last becomes 120.
    const at = Buffer.from(request).indexOf(Buffer.from([0x0a, 0x02, 0x01, 0x02]));
    request[at + 3] = 120;
    const reply = await post(compress(request));
    expect(reply.status).toBe(400);
    expect(reply.text).toContain('ref_out_of_range');
    expect(reply.written).toEqual([1, 0, 0]);
    expect((await series()).map(({ labels }) => labels['__name__'])).toEqual(['good']);
  });

  test('not snappy, and not protobuf', async () => {
    const { post } = await rig();
    const noise = Uint8Array.from({ length: 200 }, (_, i) => (i * 37) % 256);
    for (const body of [noise, compress(noise), bodyOf(2, many(5)).subarray(0, 40)]) {
      for (const headers of [v1Headers, v2Headers]) {
        const reply = await post(body, headers);
        expect(reply.status).toBe(400);
        expect(reply.text.length).toBeGreaterThan(10);
      }
    }
    expect((await post(new Uint8Array(0), v2Headers)).status).toBe(400);
  });

  test('the message stays short, whatever was sent', async () => {
    const { write } = await rig();
    const bad = Array.from({ length: 5_000 }, (_, i) => ({
      labels: [
        ['job', 'x'.repeat(300)],
        ['i', `${i}`],
      ] as [string, string][],
      samples: [{ time: 1, value: 1 }],
    }));
    const reply = await write(2, bad);
    expect(reply.status).toBe(400);
    expect(reply.text).toContain('5000 of 5000 series rejected');
    expect(reply.text.length).toBeLessThan(4_200);
  });
});

describe('limits of one request', () => {
  test('body bytes: 413, declared or not', async () => {
    const { post, write, url, warnings, gateway } = await rig({
      gateway: { bodyBytesMax: 10_000 },
    });
    const reply = await post(new Uint8Array(10_001), v2Headers);
    expect([reply.status, reply.text]).toEqual([
      413,
      expect.stringContaining('limit of 10000 bytes'),
    ]);
    expect(reply.written).toEqual([0, 0, 0]);
    async function* chunks(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 20; i++) yield new Uint8Array(1_000);
    }
    const init = {
      method: 'POST',
      headers: v2Headers,
      body: ReadableStream.from(chunks()),
      duplex: 'half',
    };
    const chunked = await fetch(`${url}/api/v1/write`, init as RequestInit);
    expect(chunked.status).toBe(413);
    expect(warnings.filter((text) => text.includes('request refused'))).toHaveLength(2);
    expect(gateway.counters.tenant('default').refused.get('body_too_large')).toBe(2);
    expect(gateway.admission.bytes).toBe(0);
    expect((await write(2, many(3))).status).toBe(204);
  });

  test('decoded bytes: 413 before anything is allocated', async () => {
    const { post } = await rig({ gateway: { decodedBytesMax: 100_000 } });
    // A head that declares 1 GB.
    const liar = new Uint8Array([0x80, 0x80, 0x80, 0x80, 0x04, 0, 0, 0]);
    expect((await post(liar)).status).toBe(413);
    expect((await post(compress(encodeRequest(many(5_000))))).status).toBe(413);
  });

  test.each([
    ['samples', { samplesMax: 10 }],
    ['series', { seriesMax: 10 }],
  ])('%s: 400 and nothing is written', async (what, limits) => {
    const { defaultWriteLimits } = await import('../../src/formats/remote-write/limits.ts');
    const { write, series } = await rig({
      gateway: { writeLimits: { ...defaultWriteLimits, ...limits } },
    });
    for (const protocol of [1, 2] as const) {
      const reply = await write(protocol, many(11));
      expect(reply.status).toBe(400);
      expect(reply.text).toContain(what);
    }
    expect((await write(2, many(10))).status).toBe(204);
    expect(await series()).toHaveLength(10);
  });

  test('labels per series and label bytes: their series alone', async () => {
    const { write, series } = await rig();
    const wide = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`l${i}`, 'x']));
    for (const protocol of [1, 2] as const) {
      const reply = await write(protocol, [
        gauge('wide', wide),
        gauge('long', { a: 'x'.repeat(20_000) }),
        gauge('good'),
      ]);
      expect(reply.status).toBe(400);
      expect(reply.text).toContain('1 too_many_labels, 1 label_too_long');
    }
    expect((await series()).map(({ labels }) => labels['__name__'])).toEqual(['good', 'good']);
  });
});

describe('later', () => {
  const full = new SeastateError('log_full', 'the journal is full', { retry: 'later' });
  const memory = (): MemoryLog => new MemoryLog(defaultTopics(4), Date.now);

  test('while starting and stopping: 503 before the body is read', async () => {
    const started = await rig({ start: false });
    const { write, gateway } = started;
    const early = await write(2, many(1));
    expect(early.status).toBe(503);
    expect(early.text).toContain('starting');
    expect(early.written).toEqual([0, 0, 0]);
    expect(gateway.notReady).toEqual(['gateway: starting']);
    await gateway.start();
    expect((await write(2, many(1))).status).toBe(204);
    await gateway.stop();
    const late = await write(1, many(1));
    expect([late.status, late.written]).toEqual([503, [null, null, null]]);
    expect(gateway.counters.tenant('default').refused).toEqual(
      new Map([
        ['starting', 1],
        ['stopping', 1],
      ]),
    );
  });

  test('a full log: 503 for good and bad requests alike, and on it goes when there is room', async () => {
    const log = memory();
    const { write, series, gateway } = await rig({ log });
    log.fault = full;
    const bad: SeriesInput = { labels: [['job', 'x']], samples: [{ time: 1, value: 1 }] };
    for (const given of [many(1), many(500), [...many(1), bad]]) {
      const reply = await write(2, given);
      expect(reply.status).toBe(503);
      expect(reply.text).toContain('log_full');
      expect(reply.written).toEqual([0, 0, 0]);
      expect(Number(reply.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    }
    log.fault = undefined;
    // For a moment bodies are not even read.
    await expect.poll(async () => (await write(2, many(1))).status).toBe(204);
    expect(await series()).toHaveLength(1);
    expect(gateway.counters.tenant('default').refused.get('log_full')).toBeGreaterThanOrEqual(3);
    expect(gateway.admission).toMatchObject({ bytes: 0, requests: 0 });
  });

  test('whatever else the log throws is 503, but a record that it never takes is 400', async () => {
    const log = memory();
    const { write } = await rig({ log });
    log.fault = new SeastateError('log_failed', 'the disk is gone');
    expect((await write(2, many(1))).status).toBe(503);
    log.fault = new SeastateError('record_too_large', 'too large');
    expect((await write(2, many(1))).status).toBe(400);
  });

  test('a log that takes too long: 503, and the memory is given back when it is done', async () => {
    const log = memory();
    const { write, gateway } = await rig({ log, gateway: { appendTimeoutMs: 50 } });
    log.hold();
    const reply = await write(2, many(300));
    expect(reply.status).toBe(503);
    expect(reply.text).toContain('append_timeout');
    expect(gateway.admission.requests).toBe(1);
    log.release();
    await expect.poll(() => gateway.admission).toMatchObject({ requests: 0, bytes: 0 });
  });

  test('too many bytes or requests in flight: 503, and others are served when there is room', async () => {
    const log = memory();
    const body = bodyOf(2, many(300));
    const { post, gateway } = await rig({
      log,
      gateway: { inFlightBytesMax: body.length * 4, inFlightRequestsMax: 5 },
    });
    log.hold();
    const first = [post(body), post(body), post(body)];
    await expect.poll(() => gateway.admission.requests).toBe(3);
    const large = await post(body);
    expect([large.status, large.text]).toEqual([503, expect.stringContaining('in_flight_bytes')]);
    expect(large.written).toEqual([0, 0, 0]);
    log.release();
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([204, 204, 204]);

    log.hold();
    const small = Array.from({ length: 4 }, (_, i) => write(i));
    function write(i: number): ReturnType<typeof post> {
      return post(bodyOf(2, many(1, { i: `${i}` })));
    }
    await expect.poll(() => gateway.admission.requests).toBe(4);
    const fifth = await write(5);
    expect([fifth.status, fifth.text]).toEqual([
      503,
      expect.stringContaining('in_flight_requests'),
    ]);
    log.release();
    expect((await Promise.all(small)).map(({ status }) => status)).toEqual([204, 204, 204, 204]);
    expect(gateway.admission).toMatchObject({ requests: 0, bytes: 0 });
    expect((await post(body)).status).toBe(204);
  });

  test('Retry-After is spread between its bounds', async () => {
    const log = memory();
    const { write } = await rig({ log, gateway: { retryAfterSeconds: { min: 2, max: 6 } } });
    log.fault = full;
    const seconds = new Set<number>();
    for (let i = 0; i < 100; i++) {
      const { headers } = await write(2, many(1));
      seconds.add(Number(headers.get('retry-after')));
    }
    expect([...seconds].sort()).toEqual([2, 3, 4, 5, 6]);
  });

  test('a real journal at its size limit refuses, and nothing that it took is lost', async () => {
    const limits = { segmentBytes: 64 << 10, retentionMs: 3_600_000, bytesMax: 256 << 10 };
    const { write, series } = await rig({ journal: { input: limits } });
    let durable = 0;
    let refusals = 0;
    for (let i = 0; i < 200 && refusals < 3; i++) {
      const reply = await write(2, many(400, { round: `${i}` }));
      if (reply.status === 204) durable += 400;
      else {
        expect([reply.status, reply.text]).toEqual([503, expect.stringContaining('log_full')]);
        refusals++;
      }
    }
    expect(refusals).toBe(3);
    expect(await series()).toHaveLength(durable);
  });
});

describe('who sends', () => {
  test('tenant and cluster are those of the credential; clashes are shown', async () => {
    const { mkdtemp, rm, writeFile } = await import('node:fs/promises');
    const dir = await mkdtemp('/tmp/seastate-tokens-');
    try {
      const tokens = ['east', 'west'].map((name) => ({
        name,
        tenant: 'acme',
        roles: ['write' as const],
        bearer: { tokenFile: `${dir}/${name}` },
      }));
      for (const { name } of tokens) await writeFile(`${dir}/${name}`, `token-${name}`);
      const { write, records, gateway, post } = await rig({ server: { credentials: tokens } });
      const as = (name: string): Record<string, string> => ({
        Authorization: `Bearer token-${name}`,
      });
      expect((await write(2, many(1), as('east'))).status).toBe(204);
      expect((await write(2, many(1, { cluster: 'shared' }), as('east'))).status).toBe(204);
      expect((await write(2, many(1, { cluster: 'shared' }), as('west'))).status).toBe(204);
      const owners = (await records('samples')).map(
        ({ headers }) => `${headers['tenant']}/${headers['cluster']}`,
      );
      expect(owners.sort()).toEqual(['acme/east', 'acme/shared', 'acme/shared']);
      expect(gateway.counters.identityClashes).toBe(1);
      expect(gateway.clusters.clashes).toMatchObject([
        { tenant: 'acme', cluster: 'shared', senders: ['east', 'west'] },
      ]);
      // Before anything else of the request is looked at.
      const unknown = await post(new Uint8Array(1), {
        ...headersOf(2),
        'Content-Type': 'image/png',
      });
      expect(unknown.status).toBe(401);
      expect(unknown.headers.get('www-authenticate')).toBe('Bearer realm="seastate"');
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  test('aliases make one cluster of two spellings; retries are counted', async () => {
    const { write, records, gateway } = await rig({
      gateway: { aliases: { '2f6c': 'prod' }, clusterLabels: ['clusterID', 'cluster'] },
    });
    await write(2, many(1, { clusterID: '2f6c', cluster: 'other' }), { 'Retry-Attempt': '2' });
    await write(1, many(1, { cluster: 'prod' }));
    const clusters = (await records('samples')).map(({ headers }) => headers['cluster']);
    expect(clusters).toEqual(['prod', 'prod']);
    expect(gateway.counters.tenant('default')).toMatchObject({
      retries: 1,
      requestsV1: 1,
      requestsV2: 1,
    });
  });
});

test('other rules from now on: clusters, aliases, filters; a bad selector changes nothing', async () => {
  const { write, records, series, gateway } = await rig({ gateway: { lingerMs: 20 } });
  const given = [
    gauge('up', { cluster: 'a', site: 's' }),
    gauge('down', { cluster: 'a', site: 's' }),
  ];
  const before = write(2, given);
  await expect.poll(() => gateway.counters.tenant('default').requestsV2).toBe(1);
  const same = { tenants: {}, keep: [] };
  const rules = { ...same, clusterLabels: ['site'], aliases: { s: 'north' }, drop: ['down'] };
  expect(() => gateway.configure({ ...rules, drop: ['{'] })).toThrow('selector');
  gateway.configure(rules);
  expect((await before).written).toEqual([2, 0, 0]);
  expect((await write(1, given)).status).toBe(204);
  const clusters = (await records('samples')).map(({ headers }) => headers['cluster']);
  expect(clusters.sort()).toEqual(['a', 'north']);
  expect(await series()).toHaveLength(3);
});

test('a graceful stop: what is in flight gets its answer, new senders are refused', async () => {
  const log = new MemoryLog(defaultTopics(4), Date.now);
  const { write, server, gateway, url } = await rig({ log, gateway: { lingerMs: 30 } });
  log.hold();
  const large = write(2, many(300));
  const small = write(1, many(1));
  await expect.poll(() => gateway.admission.requests).toBe(2);
  const stopped = server.stop(10_000);
  await expect(fetch(`${url}/-/healthy`)).rejects.toThrow();
  // Not by the number of held appends: heartbeats are among them.
  expect(gateway.admission.requests).toBe(2);
  log.release();
  expect([(await large).status, (await small).status]).toEqual([204, 204]);
  await stopped;
});
