import { expect, test } from 'vitest';
import { DefaultedWatch } from './defaulted.ts';
import type { StatusData } from './status-schema.ts';

test('a processor on its defaults is told once for each change of the settings', () => {
  const told: string[] = [];
  const watch = new DefaultedWatch((stage, processor) => told.push(`${stage} ${processor}`));
  const take = (version: number, partition: number, ...defaulted: string[]) => {
    const data = { stage: 'cluster', partition, settings_version: version };
    watch.take({ ...data, ...(defaulted.length > 0 && { defaulted }) } as StatusData);
    return told.splice(0);
  };
  expect(take(1, 0, 'alerts')).toEqual(['cluster alerts']);
  expect(take(1, 1, 'alerts')).toEqual([]);
  expect(take(1, 0, 'alerts', 'events')).toEqual(['cluster events']);
  expect(take(2, 0)).toEqual([]);
  expect(take(3, 0, 'alerts')).toEqual(['cluster alerts']);
  // This partition has not come to the change yet.
  expect(take(1, 1, 'alerts')).toEqual([]);
  expect(take(3, 1, 'alerts')).toEqual([]);
});
