import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { utf8 } from '../../core/bytes.ts';
import {
  type Batch,
  decodeMessage,
  decodeRecords,
  encodeBatch,
  encodeMessage,
  encodeRecords,
  type Message,
} from './messages.ts';

const position = {
  epoch: 3,
  next: 2 ** 40 + 7,
  digest: Uint8Array.from({ length: 32 }, (_, i) => i),
};
const records = encodeRecords([
  {
    offset: 2 ** 40 + 7,
    timestamp: 1_700_000_000_123,
    headers: { kind: 'samples', tenant: 'größe', cluster: 'c1', encoding: 'snappy' },
    value: utf8('value'),
  },
  { offset: 2 ** 40 + 9, timestamp: -1, headers: {}, value: null },
]);

const messages: Record<string, Message> = {
  hello: {
    type: 'hello',
    protocol: 1,
    node: 'v24.21.0',
    arch: 'x64',
    stage: 'cluster',
    bundle: '',
  },
  load: { type: 'load', partition: 5, position, chunks: [utf8('chunk')], tail: [records] },
  batch: { type: 'batch', partition: 5, position, wantSnapshot: true, records },
  done: {
    type: 'done',
    partition: 5,
    position,
    outputs: [
      {
        topic: 'alerts',
        partition: 0,
        headers: { from: 'cluster/5/3', number: '0' },
        value: utf8('{}'),
      },
      { topic: 'alerts', partition: 1, headers: { kind: 'tick' }, value: null },
    ],
    chunks: [utf8('a'), utf8('bc')],
  },
  need: { type: 'need', partition: 5 },
  failed: {
    type: 'failed',
    partition: 5,
    code: 'processor_threw',
    message: 'Error: broken',
    stage: 'cluster',
    offset: 12,
  },
};

const file = new URL('./protocol-vectors.json', import.meta.url);

test.each(Object.entries(messages))('%s survives the trip', (_, message) => {
  expect(decodeMessage(encodeMessage(message))).toEqual(message);
});

test('records survive the trip', () => {
  expect(decodeRecords(records).map(({ offset, timestamp }) => [offset, timestamp])).toEqual([
    [2 ** 40 + 7, 1_700_000_000_123],
    [2 ** 40 + 9, -1],
  ]);
});

test('a batch straight from records is the same message', () => {
  const { partition, wantSnapshot } = messages['batch'] as Batch;
  const batch = encodeBatch({ partition, position, wantSnapshot }, decodeRecords(records));
  expect(Buffer.from(batch)).toEqual(Buffer.from(encodeMessage(messages['batch']!)));
});

test('messages are the published vectors, byte for byte', () => {
  const vectors = Object.fromEntries(
    Object.entries(messages).map(([name, m]) => [
      name,
      Buffer.from(encodeMessage(m)).toString('hex'),
    ]),
  );
  if (!existsSync(file)) writeFileSync(file, `${JSON.stringify(vectors, null, 2)}\n`);
  expect(vectors).toEqual(JSON.parse(readFileSync(file, 'utf8')));
});
