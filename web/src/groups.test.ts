import { expect, test } from 'vitest';
import type { Alert } from './api.ts';
import { byUrgency, countLevels } from './gravity.ts';
import { groupAlerts } from './groups.ts';

const alert = (alertname: string, cluster: string, more: Partial<Alert> = {}): Alert => ({
  subject: `${alertname}/${cluster}`,
  state: 'firing',
  alertname,
  alertstate: 'firing',
  severity: 'warning',
  tenant: 't',
  cluster,
  cluster_title: '',
  labels: { alertname, cluster, namespace: 'shop' },
  value: 1,
  start: '2026-11-22T20:00:00.000Z',
  end: null,
  ...more,
});

test('alerts of one name, severity and state are one group with what they share', () => {
  const [disk, node] = groupAlerts([
    alert('Disk', 'a'),
    alert('Node', 'a'),
    alert('Disk', 'b'),
    alert('Disk', 'b', { subject: 'again' }),
  ]);
  expect(disk).toMatchObject({ clusters: ['a', 'b'], labels: { namespace: 'shop' } });
  expect(disk!.labels).not.toHaveProperty('cluster');
  expect(disk!.alerts).toHaveLength(3);
  expect(node!.alerts).toHaveLength(1);
  expect(groupAlerts([alert('Disk', 'a'), alert('Disk', 'a', { severity: 'page' })])).toHaveLength(
    2,
  );
});

test('the gravest and newest come first, resolved ones last and by their end', () => {
  const list = [
    alert('over', 'a', { state: 'resolved', end: '2026-11-22T20:10:00.000Z' }),
    alert('over later', 'a', { state: 'resolved', end: '2026-11-22T20:11:00.000Z' }),
    alert('quiet', 'a', { severity: 'none' }),
    alert('unknown word', 'a', { severity: 'moderate' }),
    alert('page', 'a', { severity: 'page' }),
    alert('newer', 'a', { severity: 'Critical', start: '2026-11-22T20:01:00.000Z' }),
  ];
  expect(list.sort(byUrgency).map(({ alertname }) => alertname)).toEqual([
    'newer',
    'page',
    'unknown word',
    'quiet',
    'over later',
    'over',
  ]);
  expect(countLevels(list.map(({ severity }) => severity))).toEqual([
    ['critical', 2],
    ['warning', 3],
    ['none', 1],
  ]);
});
