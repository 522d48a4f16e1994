import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runnerCommand } from '../../src/cli/spark/bridge-config.ts';
import { type Position, startOf } from '../../src/engine/position.ts';
import {
  type Done,
  decodeMessage,
  encodeMessage,
  encodeRecords,
  type Failed,
  type Reply,
  type Request,
} from '../../src/engine/runner/messages.ts';
import type { RunnerSetup } from '../../src/engine/runner/runner.ts';
import type { StageOutput } from '../../src/engine/stage.ts';
import type { LogRecord } from '../../src/log/log.ts';
import { StageDriver } from '../../src/testing/stage-driver.ts';
import { bundleFiles, putBundle } from '../../src/user-code/bundle.ts';

/** Models of users in the runner program, under both of its transports. */
const entry = fileURLToPath(new URL('../../src/runner.ts', import.meta.url));
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
function log(): readonly LogRecord[] {
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
  for (let i = 0; i < 120; i++) {
    driver.samples('c1', [series('bad', value(i)), series('good', i % 41 === 0 ? 700 : i % 7)]);
    driver.advance(15_000);
  }
  return driver.records;
}

interface End {
  readonly position: Position;
  readonly outputs: readonly StageOutput[];
  readonly chunks: readonly Uint8Array[];
}
type Ask = (request: Request) => Promise<Reply>;

/** Runs records in batches of `size` from a snapshot, or from the start. */
async function run(
  ask: Ask,
  records: readonly LogRecord[],
  size: number,
  from?: End,
): Promise<End> {
  const done = (reply: Reply): Done => {
    if (reply.type !== 'done') throw new Error((reply as Failed).message ?? reply.type);
    return reply;
  };
  let position = from?.position ?? startOf(0, 0);
  const chunks = from?.chunks ?? [];
  done(await ask({ type: 'load', partition: 0, position, chunks, tail: [] }));
  const outputs: StageOutput[] = [];
  for (let i = 0; ; i += size) {
    const batch = encodeRecords(records.slice(i, i + size));
    const wantSnapshot = i + size >= records.length;
    const reply = done(
      await ask({ type: 'batch', partition: 0, position, wantSnapshot, records: batch }),
    );
    outputs.push(...reply.outputs);
    position = reply.position;
    if (wantSnapshot) return { position, outputs, chunks: reply.chunks };
  }
}

async function inThread<T>(setup: RunnerSetup, use: (ask: Ask) => Promise<T>): Promise<T> {
  const worker = new Worker(entry, {
    workerData: setup,
    execArgv: ['--permission', '--allow-fs-read=*'],
  });
  const next = () =>
    new Promise<Reply>((resolve, reject) => {
      worker.once('message', (message) => resolve(decodeMessage(message) as Reply));
      worker.once('error', reject);
    });
  try {
    await next();
    return await use((request) => {
      const reply = next();
      worker.postMessage(encodeMessage(request));
      return reply;
    });
  } finally {
    await worker.terminate();
  }
}

/** As Spark's executors start it. */
async function inProcess<T>(setup: RunnerSetup, use: (ask: Ask) => Promise<T>): Promise<T> {
  const [command, ...args] = runnerCommand({ node: process.execPath, entry });
  const child = spawn(command!, [...args, JSON.stringify(setup)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let received = Buffer.alloc(0);
  let wake = (): void => {};
  child.stdout.on('data', (bytes: Buffer) => {
    received = Buffer.concat([received, bytes]);
    wake();
  });
  const next = async (): Promise<Reply> => {
    for (;;) {
      const size = received.length >= 4 ? received.readUInt32LE(0) : Number.POSITIVE_INFINITY;
      if (received.length >= 4 + size) {
        const message = new Uint8Array(received.subarray(4, 4 + size));
        received = received.subarray(4 + size);
        return decodeMessage(message) as Reply;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  try {
    await next();
    return await use((request) => {
      const message = encodeMessage(request);
      const head = Buffer.alloc(4);
      head.writeUInt32LE(message.length);
      child.stdin.write(Buffer.concat([head, message]));
      return next();
    });
  } finally {
    child.kill();
  }
}

const statusOf = ({ outputs }: End) =>
  JSON.parse(
    Buffer.from(
      outputs.findLast(({ topic, value }) => topic === 'status' && value)!.value!,
    ).toString(),
  ).data;

test('one model of a user is the same in a thread and in a process, and fails for itself alone', async () => {
  const setup = await setupOf('v1', model(1, "seen: 'u32', old: 'f64'"));
  const records = log();
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

test('an old snapshot goes into a new version, columns added, removed and widened; not back', async () => {
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
  const records = log();
  const first = records.slice(0, Math.floor(records.length / 4));
  const before = await inThread(old, (ask) => run(ask, first, 64));
  const after = await inThread(upgraded, (ask) =>
    run(ask, records.slice(first.length), 64, before),
  );
  const shown = after.outputs
    .filter(({ topic, value }) => topic === 'anomalies' && value)
    .map(({ value }) => JSON.parse(Buffer.from(value!).toString()).data.expected);
  expect(shown.length).toBeGreaterThan(0);
  expect(shown.every((expected) => expected === null || expected > 1_000_000)).toBe(true);
  await expect(inThread(old, (ask) => run(ask, [], 64, after))).rejects.toThrow(
    /the state of model counting is of version 2, its file is of version 1/,
  );
});
