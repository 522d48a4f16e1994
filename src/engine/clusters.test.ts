import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../core/bytes.ts';
import { Clusters } from './clusters.ts';

test('very many tenants are counted, and those of a tenant beside them, before and after a restore', () => {
  const clusters = new Clusters();
  const max = 200_000;
  for (let i = 0; i < max; i++) clusters.indexOf(`tenant-${i}`, 'one', max);
  expect(clusters.count).toBe(max);
  const out = new ByteWriter();
  clusters.save(out);
  const restored = new Clusters();
  restored.load(new ByteReader(out.take()));
  for (const each of [clusters, restored]) {
    expect(each.indexOf('late', 'one', max)).toBe(-1);
    expect(each.indexOf('tenant-7', 'one', max)).toBe(7);
  }
});

test('what a tenant leaves of all is for the others, before and after a restore', () => {
  const clusters = new Clusters();
  const max = 8;
  for (let i = 0; i < max; i++) clusters.indexOf('big', `c-${i}`, max);
  const out = new ByteWriter();
  clusters.save(out);
  const restored = new Clusters();
  restored.load(new ByteReader(out.take()));
  for (const each of [clusters, restored]) {
    expect(each.indexOf('big', 'another', max)).toBe(-1);
    expect([0, 1, 2].map((i) => each.indexOf(`small-${i}`, 'one', max))).toEqual([8, 9, -1]);
  }
});
