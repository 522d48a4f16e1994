import { expect, test } from 'vitest';
import { DefaultedWatch } from './defaulted.ts';

test('a processor on its defaults is told once for each change of the settings', () => {
  const told: string[] = [];
  const watch = new DefaultedWatch((stage, processor) => told.push(`${stage} ${processor}`));
  const take = (version: number, ...defaulted: string[]) => {
    const data = { stage: 'cluster', settings_version: version };
    watch.take({ ...data, ...(defaulted.length > 0 && { defaulted }) });
    return told.splice(0);
  };
  expect(take(1, 'alerts')).toEqual(['cluster alerts']);
  expect(take(1, 'alerts')).toEqual([]);
  expect(take(1, 'alerts', 'events')).toEqual(['cluster events']);
  expect(take(2)).toEqual([]);
  expect(take(3, 'alerts')).toEqual(['cluster alerts']);
  // This partition has not come to the change yet.
  expect(take(1, 'alerts')).toEqual([]);
  expect(take(3, 'alerts')).toEqual([]);
});
