import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { bodyOf, gauge, type Rig, type RigOptions, startRig, v2Headers } from './rig.ts';

/** Senders that are slow, broken or too many, while a good one goes on. */
const rigs: Rig[] = [];
const sockets: Socket[] = [];
const rig = async (options: RigOptions = {}): Promise<Rig> => {
  const started = await startRig(options);
  rigs.push(started);
  return started;
};
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(rigs.splice(0).map((each) => each.close()));
});

const open = (url: string, allowHalfOpen = false): Socket => {
  const { port } = new URL(url);
  const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen });
  socket.on('error', () => {});
  sockets.push(socket);
  return socket;
};
const head = (length: number | string): string =>
  [
    'POST /api/v1/write HTTP/1.1',
    'Host: localhost',
    ...Object.entries(v2Headers).map(([name, value]) => `${name}: ${value}`),
    length === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`,
    '\r\n',
  ].join('\r\n');
/** All that a socket says until it ends. */
const all = async (socket: Socket): Promise<string> => {
  let text = '';
  socket.on('data', (chunk) => {
    text += String(chunk);
  });
  await new Promise((resolve) => socket.once('close', resolve));
  return text;
};
const good = (n: number) =>
  Array.from({ length: 300 }, (_, i) => gauge('up', { i: `${i}`, n: `${n}` }));

describe('slow and broken connections', () => {
  test('headers that never end, and bodies that drip, are ended; others are served', async () => {
    const { url, write, gateway } = await rig({
      server: { headersTimeoutMs: 300, requestTimeoutMs: 600 },
    });
    const slow = open(url);
    slow.write('POST /api/v1/write HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
    const dripping = open(url);
    dripping.write(`${head(1_000)}x`);
    const answers = Promise.all([all(slow), all(dripping)]);
    const drip = setInterval(() => {
      slow.write('x');
      dripping.write('x');
    }, 50);
    try {
      // A machine that stands still makes a good sender a slow one too: it comes again.
      await expect.poll(async () => (await write(2, good(0))).status).toBe(204);
      expect(await answers).toEqual([
        expect.stringContaining('408 Request Timeout'),
        expect.stringContaining('408 Request Timeout'),
      ]);
    } finally {
      clearInterval(drip);
    }
    await expect.poll(() => gateway.admission.bytes).toBe(0);
  });

  test('a sender that goes away in its body leaves nothing behind', async () => {
    const { url, gateway, handler, series, write } = await rig();
    const senders = Array.from({ length: 20 }, () => open(url));
    for (const socket of senders) socket.write(`${head(100_000)}${'x'.repeat(10_000)}`);
    await expect.poll(() => gateway.admission.bytes).toBe(20 * 10_000);
    for (const [i, socket] of senders.entries()) {
      if (i % 2 === 0) socket.end();
      else socket.resetAndDestroy();
    }
    await expect.poll(() => handler.counters.aborted).toBe(20);
    expect(gateway.admission.bytes).toBe(0);
    expect((await write(2, good(0))).status).toBe(204);
    expect(await series()).toHaveLength(300);
  });

  test('a sender that closes its half after the request still gets the answer', async () => {
    const { url, series } = await rig();
    const socket = open(url, true);
    const body = bodyOf(2, good(0));
    socket.write(head(body.length));
    socket.end(body);
    expect(await all(socket)).toContain('204 No Content');
    expect(await series()).toHaveLength(300);
  });

  test('a huge declared length is 413 at once, and costs nothing', async () => {
    const { url, gateway } = await rig();
    for (const length of [1e12, 2 ** 53, '99999999999999999999999']) {
      const socket = open(url);
      const answer = all(socket);
      socket.write(head(String(length).includes('e') ? 1_000_000_000_000 : length));
      await expect.poll(() => socket.bytesRead).toBeGreaterThan(0);
      socket.end();
      expect(await answer).toMatch(/^HTTP\/1\.1 4(13|00)/);
    }
    expect(gateway.admission.bytes).toBe(0);
  });

  test('nonsense instead of HTTP is 400, and a head over 16 kB is 431', async () => {
    const { url, write } = await rig();
    const nonsense = open(url);
    nonsense.write('\x16\x03\x01\x02\x00\x01\x00\r\n\r\n');
    expect(await all(nonsense)).toContain('400 Bad Request');
    const long = open(url);
    long.write(`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(await all(long)).toContain('431');
    expect((await write(2, good(0))).status).toBe(204);
  });

  test('a body that goes on after its 413 is read into nothing, then ended', async () => {
    const { url, gateway } = await rig({ gateway: { bodyBytesMax: 100_000 } });
    const socket = open(url);
    const answer = all(socket);
    socket.write(head('chunked'));
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    let sent = 0;
    while (!socket.destroyed && sent < 200 << 20) {
      if (!socket.write(chunk)) {
        await Promise.race([
          new Promise((resolve) => socket.once('drain', resolve)),
          new Promise((resolve) => socket.once('close', resolve)),
        ]);
      }
      sent += chunk.length;
    }
    expect(sent).toBeLessThan(64 << 20);
    expect(await answer).toContain('413');
    expect(gateway.admission.bytes).toBe(0);
  });
});

describe('bad content beside good senders', () => {
  test('invalid UTF-8 and a label of 10 MB reject their series alone', async () => {
    const { post, write, series } = await rig();
    const body = bodyOf(1, [gauge('bad', { a: 'zzzz' }), gauge('good')]);
    // Snappy keeps short literals as they are.
    const at = Buffer.from(body).indexOf('zzzz');
    body[at] = 0xff;
    const broken = await post(body, { ...v2Headers, 'Content-Type': 'application/x-protobuf' });
    expect([broken.status, broken.text]).toEqual([400, expect.stringContaining('invalid_utf8')]);
    for (const protocol of [1, 2] as const) {
      const long = await write(protocol, [
        gauge('long', { a: 'x'.repeat(10 << 20) }),
        gauge('good'),
      ]);
      expect(long.status).toBe(400);
      expect(long.text).toContain('label_too_long');
      expect(long.text.length).toBeLessThan(4_200);
    }
    expect((await series()).map(({ labels }) => labels['__name__'])).toEqual([
      'good',
      'good',
      'good',
    ]);
  });

  test('a thousand requests at once, good and bad mixed: each gets its answer, good ones are there', async () => {
    const { url, post, write, series, gateway } = await rig({ gateway: { lingerMs: 2 } });
    const noise = Uint8Array.from({ length: 500 }, (_, i) => (i * 91) % 256);
    const dripping = Array.from({ length: 50 }, () => open(url));
    for (const socket of dripping) socket.write(`${head(100_000)}x`);
    const replies = await Promise.all(
      Array.from({ length: 1_000 }, (_, i) => {
        if (i % 10 === 3) return post(noise);
        if (i % 10 === 7) return post(noise, { ...v2Headers, 'Content-Encoding': 'gzip' });
        return write(i % 2 === 0 ? 2 : 1, [gauge('up', { cluster: `c${i % 7}`, i: `${i}` })]);
      }),
    );
    const counts = new Map<number, number>();
    for (const { status } of replies) counts.set(status, (counts.get(status) ?? 0) + 1);
    expect(counts).toEqual(
      new Map([
        [204, 800],
        [400, 100],
        [415, 100],
      ]),
    );
    const seen = new Set((await series()).map(({ labels }) => labels['i']));
    expect(seen.size).toBe(800);
    expect(gateway.admission.requests).toBe(0);
  });

  test('memory stays flat under bad bodies', async () => {
    const { post, write } = await rig();
    const nameless = bodyOf(
      2,
      Array.from({ length: 2_000 }, (_, i) => ({
        labels: [['job', `j${i}`]] as [string, string][],
        samples: [{ time: 1, value: 1 }],
      })),
    );
    const broken = bodyOf(2, good(1)).subarray(0, 1_000);
    const round = async (): Promise<void> => {
      for (let i = 0; i < 40; i++) {
        expect((await post(nameless)).status).toBe(400);
        expect((await post(broken)).status).toBe(400);
      }
    };
    await round();
    const before = process.memoryUsage.rss();
    for (let i = 0; i < 4; i++) await round();
    expect(process.memoryUsage.rss() - before).toBeLessThan(100 << 20);
    expect((await write(2, good(0))).status).toBe(204);
  });
});
