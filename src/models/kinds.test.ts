import { expect, test } from 'vitest';
import { kindOf, matters } from './kinds.ts';

test.each([
  ['http_requests_total', '', 'counter'],
  ['http_requests_total', 'gauge', 'gauge'],
  ['node_memory_bytes', 'gauge', 'gauge'],
  ['node_filesystem_used_ratio', 'gauge', 'ratio'],
  ['up', '', 'ratio'],
  ['rpc_latency', 'gauge', 'latency'],
  ['request_duration_seconds', '', 'latency'],
  ['dropped_samples', 'gauge', 'errors'],
  ['anything', 'counter', 'counter'],
  ['http_errors_total', '', 'error-counter'],
] as const)('%s of type "%s" is a %s', (name, type, kind) => {
  expect(kindOf(name, type)).toBe(kind);
});

test('directions and floors', () => {
  expect(matters('errors', 1, 0)).toBe(false);
  expect(matters('errors', 5, 0)).toBe(true);
  expect(matters('errors', 0, 50)).toBe(false);
  expect(matters('error-counter', 1, 2)).toBe(false);
  expect(matters('latency', 1.05, 1)).toBe(false);
  expect(matters('latency', 0.1, 1)).toBe(false);
  expect(matters('latency', 2, 1)).toBe(true);
  expect(matters('ratio', 0.999, 1)).toBe(false);
  expect(matters('gauge', 1.0001, 1)).toBe(true);
});
