import { expect, test } from 'vitest';
import { partitionOf, placementHash, placementVectors } from './placement.ts';

test('placement hashes are the published vectors', () => {
  for (const { tenant, cluster, part, hash } of placementVectors) {
    expect(placementHash(tenant, cluster, part), `${tenant}/${cluster}/${part}`).toBe(hash);
  }
});

test('a partition is the hash modulo the count, and the separator keeps names apart', () => {
  for (const { tenant, cluster, part, hash } of placementVectors) {
    expect(partitionOf(tenant, cluster, 16, part)).toBe(hash % 16);
    expect(partitionOf(tenant, cluster, 1, part)).toBe(0);
  }
  expect(placementHash('a', 'bc')).not.toBe(placementHash('ab', 'c'));
});

test('clusters spread over partitions', () => {
  const counts = new Array<number>(16).fill(0);
  for (let i = 0; i < 1600; i++) counts[partitionOf('default', `cluster-${i}`, 16)]!++;
  expect(Math.min(...counts)).toBeGreaterThan(60);
  expect(Math.max(...counts)).toBeLessThan(150);
});
