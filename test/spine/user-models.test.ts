import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunnerSetup } from '../../src/engine/runner/runner.ts';
import type { LogRecord } from '../../src/log/log.ts';
import { StageDriver } from '../../src/testing/stage-driver.ts';
import { bundleFiles, putBundle } from '../../src/user-code/bundle.ts';
import { type End, inProcess, inThread, run } from '../parts/runner.ts';

/** Models of users in the runner program, under both of its transports. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seastate-models-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Counts its samples; 13 throws half-way through its columns, 14 is no number. */
const model = (version: number, columns: string, more = '') => `
import { defineModel } from 'seastate';
import { z } from 'zod';
export const counting = defineModel({
  name: 'counting', version: ${version}, summary: 'counts', calibration: 'fixed',
  parameters: z.strictObject({ cut: z.number().default(100) }),
  state: { ${columns} },
  score(sample, state, at, { cut }, result) {
    state.seen[at]!++;
    if (sample.value === 13) throw new RangeError('thirteen');
    result.expected = state.seen[at]!;
    result.score = sample.value === 14 ? Number.NaN : sample.value / cut;
  },
  ${more}
});
`;

async function setupOf(name: string, code: string): Promise<RunnerSetup> {
  const file = join(folder, `${name}.ts`);
  await writeFile(file, code);
  const bundle = await bundleFiles({ processors: [], models: [file] });
  await putBundle(bundle, folder);
  const path = pathToFileURL(join(folder, 'bundles', `${bundle.sha256}.mjs`)).href;
  return {
    stage: 'cluster',
    partitions: 1,
    targets: {},
    bundle: { path, sha256: bundle.sha256 },
  };
}

/** Records of two series, one of which the model fails on now and then; both alarm at times. */
function log(rounds: number): readonly LogRecord[] {
  const driver = new StageDriver([]);
  const route = { select: '{i=~".+"}', model: 'counting', per_series_day: 1000 };
  const content = { anomalies: { routes: [route], scores: ['{i=~".+"}'] } };
  driver.record('settings', { version: 1, sha256: '', content });
  const value = (i: number) => (i % 10 === 3 ? 13 : i % 10 === 4 ? 14 : i % 37 === 0 ? 500 : i % 9);
  const series = (i: string, number: number) => ({
    labels: [['__name__', 'm'] as const, ['i', i] as const].map(([n, v]): [string, string] => [
      n,
      v,
    ]),
    samples: [{ time: driver.now, value: number }],
  });
  for (let i = 0; i < rounds; i++) {
    driver.samples('c1', [series('bad', value(i)), series('good', i % 41 === 0 ? 700 : i % 7)]);
    driver.advance(15_000);
  }
  return driver.records;
}

const statusOf = ({ outputs }: End) =>
  JSON.parse(
    Buffer.from(
      outputs.findLast(({ topic, value }) => topic === 'status' && value)!.value!,
    ).toString(),
  ).data;

test('one model of a user is the same in a thread and in a process, and fails for itself alone', async () => {
  const setup = await setupOf('v1', model(1, "seen: 'u32', old: 'f64'"));
  const records = log(120);
  const thread = await inThread(setup, (ask) => run(ask, records, 64));
  const child = await inProcess(setup, (ask) => run(ask, records, 7));
  expect(child.position).toEqual(thread.position);
  expect(
    child.outputs.map(({ topic, value }) => [topic, value && Buffer.from(value).toString()]),
  ).toEqual(
    thread.outputs.map(({ topic, value }) => [topic, value && Buffer.from(value).toString()]),
  );
  expect(Buffer.concat(child.chunks)).toEqual(Buffer.concat(thread.chunks));
  const told = thread.outputs.filter(({ topic, value }) => topic === 'anomalies' && value);
  const about = told.map(({ value }) => JSON.parse(Buffer.from(value!).toString()).data.labels.i);
  expect(new Set(about)).toEqual(new Set(['good', 'bad']));
  const { counters, notes } = statusOf(thread);
  expect(counters).toMatchObject({
    'anomalies_model_threw:counting': 12,
    'anomalies_model_no_number:counting': 12,
  });
  expect(notes).toMatchObject([
    {
      processor: 'anomalies',
      what: expect.stringMatching(/^model counting failed on .*"bad".*: /),
    },
  ]);
});

test('an old snapshot goes into a new version, columns added, removed and widened; old code lets it be', async () => {
  const old = await setupOf(
    'old',
    model(1, "seen: 'u32', old: 'f64', pair: { type: 'f32', width: 2 }"),
  );
  const upgraded = await setupOf(
    'upgraded',
    model(
      2,
      "seen: 'u32', added: { type: 'f64', initial: 7 }, pair: { type: 'f64', width: 4 }",
      `upgrade(from, state, at) {
        if (from !== 1 || state.added[at] !== 7 || state.pair.length < (at + 1) * 4) throw new Error('not as left');
        state.seen[at]! += 1_000_000;
      },`,
    ),
  );
  const records = log(400);
  const quarter = Math.floor(records.length / 4);
  const part = (i: number) => records.slice(i * quarter, (i + 1) * quarter);
  const before = await inThread(old, (ask) => run(ask, part(0), 64));
  const after = await inThread(upgraded, (ask) => run(ask, part(1), 64, before));
  const shown = after.outputs
    .filter(({ topic, value }) => topic === 'anomalies' && value)
    .map(({ value }) => JSON.parse(Buffer.from(value!).toString()).data.expected);
  expect(shown.length).toBeGreaterThan(0);
  expect(shown.every((expected) => expected === null || expected > 1_000_000)).toBe(true);
  // Code that cannot use the state goes on without it, and whoever can finds it as it was.
  const failing = model(3, "seen: 'u32'", "upgrade() { throw new Error('cannot'); },");
  const unfit = await setupOf('failing', failing);
  const [back, broken] = [
    await inThread(old, (ask) => run(ask, part(2), 7, after)),
    await inThread(unfit, (ask) => run(ask, part(2), 7, after)),
  ];
  const why = ({ notes, counters }: ReturnType<typeof statusOf>) => {
    expect(counters['anomalies_model_unfit_state:counting']).toBeGreaterThan(50);
    return notes.at(-1).what;
  };
  expect(why(statusOf(back))).toMatch(/the state .* is of version 2, its file is of version 1/);
  expect(why(statusOf(broken))).toMatch(/cannot upgrade its state from version 2: cannot/);
  const seenBy = async (end: End) => {
    const { outputs } = await inThread(upgraded, (ask) => run(ask, part(3), 64, end));
    const said = outputs.filter(({ topic, value }) => topic === 'anomalies' && value);
    return JSON.parse(Buffer.from(said.at(-1)!.value!).toString()).data.expected;
  };
  const [again, unbroken] = [await seenBy(back), await seenBy(broken)];
  expect(again).toBeGreaterThan(1_000_000);
  expect(unbroken).toBe(again);
});
