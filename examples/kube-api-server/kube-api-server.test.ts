import { StageDriver } from 'seastate/testing';
import { expect, test } from 'vitest';
import { kubeAPIServerProcessor } from './kube-api-server.ts';

const series = (name: string, time: number, value: number) => ({
  labels: [
    ['__name__', name],
    ['code', '200'],
  ] as [string, string][],
  samples: [{ time, value }],
});

// A restored state must not be told from a kept one: run it both ways.
test.each([false, true])('chosen series pass, restored: %s', (restoreAfterEach) => {
  const driver = new StageDriver([kubeAPIServerProcessor], { restoreAfterEach });
  driver.samples('c1', [
    series('apiserver_request_total', driver.now, 7),
    series('etcd_mvcc_db_total_size_in_bytes', driver.now, 4096),
    series('up', driver.now, 1),
  ]);
  driver.advance(15_000).samples('c1', [series('apiserver_request_total', driver.now, 9)]);
  const outputs = driver.of('x-kube-api-server');
  expect(outputs.map(({ data }) => [data.timestamp, data.metric, data.value])).toEqual([
    ['2023-11-14T22:13:20.000Z', 'apiserver_request_total', 7],
    ['2023-11-14T22:13:20.000Z', 'etcd_mvcc_db_total_size_in_bytes', 4096],
    ['2023-11-14T22:13:35.000Z', 'apiserver_request_total', 9],
  ]);
  expect(outputs[0]!.data.labels).toEqual({ code: '200' });
  expect(outputs[2]!.subject).toContain('c1/apiserver_request_total');
});
