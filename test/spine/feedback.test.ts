import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Seastate, until } from '../parts/seastate.ts';
import { write } from '../parts/write.ts';
import { checkSnapshots, inLog } from './rebuilt.ts';

let seastate: Seastate;
afterEach(async () => {
  await seastate.close();
});

const settings = `
settings:
  anomalies:
    routes:
      - {select: '{__name__="queue_length"}', model: baseline-ratio, parameters: {warmUp: 20}}
`;

let time = Date.now() - 6 * 3_600_000;

async function send(value: number, pod: string): Promise<void> {
  const labels = { __name__: 'queue_length', cluster: 'east', namespace: 'shop', pod };
  const samples = [{ time, value }];
  expect(await write(seastate.url, [{ labels: Object.entries(labels).sort(), samples }])).toBe(204);
}
const pods = ['web-7d9c5b6f4c-x2x4z', 'web-7d9c5b6f4c-b8k9q'];

/** Samples of both pods, a minute apart in their own time. */
async function feed(count: number, value: (pod: number, i: number) => number): Promise<void> {
  for (let i = 0; i < count; i++) {
    time += 60_000;
    for (const [k, pod] of pods.entries()) await send(value(k, i), pod);
  }
}
const calm = (_pod: number, i: number) => 100 + (i % 7);
const burst = (which: number) => (pod: number, i: number) =>
  calm(pod, i) + (pod === which ? 300 : 0);

const post = async (body: object) => {
  const answer = await fetch(`${seastate.url}/api/v1/feedback`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { error } = (await answer.json()) as { error?: string };
  return { status: answer.status, error };
};

test('what is marked as expected is told no more, on its like neither; explain says why', async () => {
  const empty = await Seastate.create();
  const yaml = join(empty.folder, 'seastate.yaml');
  await writeFile(yaml, settings);
  seastate = Seastate.at(empty.folder, '--partitions', '2', '-c', yaml);
  await seastate.start();
  await feed(30, calm);
  await feed(2, burst(0));
  const anomalies = async (query = '') =>
    (await seastate.api(`anomalies?state=all&${query}`)).anomalies;
  await until(async () => (await anomalies()).length === 1);
  const [{ subject }] = await anomalies();

  expect(await post({ anomaly: 'nobody', mark: 'expected' })).toMatchObject({ status: 404 });
  expect(await post({ anomaly: subject, mark: 'right' })).toMatchObject({
    status: 400,
    error: expect.stringContaining('mark:'),
  });
  const { code, err } = await seastate.cli(
    ...['feedback', subject, 'expected', '--for', '7d', '--note', 'backup'],
    ...['--url', seastate.url],
  );
  expect({ code, err }).toMatchObject({
    code: 0,
    err: expect.stringContaining('and its like until'),
  });
  await until(async () => (await anomalies())[0].feedback === 'expected');
  await feed(80, calm);
  await feed(3, burst(0));
  await feed(3, burst(1));
  await feed(1, calm);
  await until(async () => {
    const { partitions } = await seastate.api('status');
    return partitions.every((p: { lag_records: number }) => p.lag_records === 0);
  });
  expect(await anomalies()).toMatchObject([{ subject, feedback_note: 'backup', state: 'closed' }]);

  // Beside the running program: the state, and what became of the newest samples.
  const explain = async (what: string, ...flags: string[]) => {
    const words = ['explain', what, '--data', seastate.folder, '-c', yaml, ...flags];
    const { code, out, err } = await seastate.cli(...words);
    expect(code, err).toBe(0);
    return out;
  };
  const [first, second] = JSON.parse(await explain('queue_length{cluster="east"}', '-o', 'json'));
  for (const series of [first, second]) {
    const { route, state, seen, feedback, open } = series.processors.anomalies;
    expect(route).toMatchObject({ model: 'baseline-ratio' });
    expect(state).toMatchObject({ moved: true, samples: expect.any(Number) });
    expect(seen.fates.expected).toBeGreaterThan(0);
    expect(seen.last).toMatchObject({ fate: 'expected', value: expect.any(Number) });
    expect(feedback).toMatchObject([{ note: 'backup', like: true, active: true, withheld: 2 }]);
    expect(open).toMatchObject({ hushed: true });
  }
  const text = await explain(`queue_length{pod="${pods[0]}"}`);
  expect(text).toContain('strange, but expected: somebody marked this shape');
  expect(text).toContain('2 withheld');
  expect(await explain('{__name__="up"}').catch((error) => String(error))).toContain('no series');

  const told = await explain(subject);
  expect(told).toContain('improbable, up: queue_length{');
  expect(told).toContain('feedback  expected: backup');

  // Killed and started again, the log says the same.
  await seastate.kill();
  const [again] = JSON.parse(await explain('queue_length{cluster="east"}', '-o', 'json'));
  const { state, seen } = again.processors.anomalies;
  expect({ state, seen }).toEqual({
    state: first.processors.anomalies.state,
    seen: first.processors.anomalies.seen,
  });

  // Run once more from its first record, the log makes the same bytes.
  await seastate.start();
  expect(await seastate.stop()).toBe(0);
  const { folder } = seastate;
  expect(await inLog(folder, (log) => checkSnapshots(folder, log))).toBeGreaterThan(1);
});
