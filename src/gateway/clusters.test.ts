import { expect, test } from 'vitest';
import { partitionOf } from '../core/placement.ts';
import { type ClusterOptions, Clusters } from './clusters.ts';

const make = (options: Partial<ClusterOptions> = {}): Clusters =>
  new Clusters({
    partitions: 16,
    encoding: 'snappy',
    aliases: {},
    clustersMax: 100,
    clashWindowMs: 1_000,
    ...options,
  });
const sender = { name: 'cred', tenant: 'acme' };

test('a cluster is its label, or the name of the credential, by one spelling', () => {
  const clusters = make({ aliases: { 'id-1': 'prod', cred: 'home', constructor: 'x' } });
  expect(clusters.find(sender, 'prod').name).toBe('prod');
  expect(clusters.find(sender, 'id-1')).toBe(clusters.find(sender, 'prod'));
  expect(clusters.find(sender, '').name).toBe('home');
  expect(clusters.find(sender, 'toString').name).toBe('toString');
  expect(clusters.find(sender, 'prod')).toMatchObject({
    partition: partitionOf('acme', 'prod', 16),
    headers: { kind: 'samples', tenant: 'acme', cluster: 'prod', encoding: 'snappy' },
  });
});

test('the same name in two tenants is two clusters', () => {
  const clusters = make();
  const other = { name: 'cred', tenant: 'other' };
  expect(clusters.find(sender, 'prod')).not.toBe(clusters.find(other, 'prod'));
});

test('two credentials that write to one cluster within the window clash', () => {
  const clusters = make();
  const cluster = clusters.find(sender, 'prod');
  expect(clusters.note(cluster, 'a', 0)).toBe(false);
  expect(clusters.note(cluster, 'a', 10)).toBe(false);
  expect(clusters.note(cluster, 'b', 20)).toBe(true);
  expect(clusters.note(cluster, 'b', 30)).toBe(false);
  expect(clusters.note(cluster, 'a', 40)).toBe(true);
  expect(clusters.clashes).toEqual([
    { tenant: 'acme', cluster: 'prod', senders: ['b', 'a'], count: 2, lastMs: 40 },
  ]);
  expect(clusters.note(cluster, 'c', 5_000)).toBe(false);
});

test('memory is bounded, and what has records waiting is not forgotten', () => {
  const clusters = make({ clustersMax: 20 });
  const waiting = clusters.find(sender, 'waiting');
  waiting.batch = {} as never;
  for (let i = 0; i < 1_000; i++) clusters.find(sender, `c${i}`);
  expect(clusters.count).toBeLessThanOrEqual(20);
  expect(clusters.find(sender, 'waiting')).toBe(waiting);
});
