import { expect, test } from 'vitest';
import { negotiate } from './negotiate.ts';

const v1 = 'application/x-protobuf;proto=prometheus.WriteRequest';
const v2 = 'application/x-protobuf;proto=io.prometheus.write.v2.Request';

test.each([
  // Absent headers are those of remote write 1.0.
  [undefined, undefined, 1],
  ['', '', 1],
  ['application/x-protobuf', 'snappy', 1],
  ['application/x-protobuf', undefined, 1],
  [undefined, 'snappy', 1],
  [v1, 'snappy', 1],
  [v2, 'snappy', 2],
  [v2, undefined, 2],
  ['Application/X-Protobuf; proto="io.prometheus.write.v2.Request"', 'Snappy', 2],
  ['application/x-protobuf; charset=binary ;proto = io.prometheus.write.v2.Request', 'snappy', 2],
  ['application/x-protobuf;charset=utf-8', 'snappy', 1],
  ['application/x-protobuf;', 'snappy', 1],
  ['application/x-protobuf;proto=io.prometheus.write.v3.Request', 'snappy', undefined],
  ['application/x-protobuf;proto=', 'snappy', undefined],
  ['application/json', 'snappy', undefined],
  ['image/png', 'snappy', undefined],
  ['application/x-protobufs', 'snappy', undefined],
  [';proto=io.prometheus.write.v2.Request', 'snappy', undefined],
  [v2, 'gzip', undefined],
  [v2, 'deflate', undefined],
  [v1, 'zstd', undefined],
  [v1, 'identity', undefined],
  [v1, 'snappy, gzip', undefined],
])('Content-Type %s with Content-Encoding %s: %s', (type, encoding, protocol) => {
  expect(negotiate(type, encoding)).toBe(protocol);
});
