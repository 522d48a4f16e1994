import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Seastate, until } from '../parts/seastate.ts';
import { write } from '../parts/write.ts';
import { samplesOf } from './read-back.ts';

let seastate: Seastate;
afterEach(async () => {
  await seastate.close();
});

/** Expects as many as it has seen. */
const model = (version: number, state: string, more = '') => `
import { defineModel } from 'seastate';
import { z } from 'zod';
export const counting = defineModel({
  name: 'counting', version: ${version}, summary: 'counts', parameters: z.strictObject({}),
  state: { ${state} },
  score(sample, state, at, parameters, result) {
    state.seen[at]!++;
    result.expected = state.seen[at]!;
  },
  ${more}
});
`;

const config = (version: number) => `
process: {models: [counting.ts]}
settings:
  version: ${version}
  anomalies:
    routes: [{select: '{__name__="m"}', model: counting}]
    scores: ['{__name__="m"}']
`;

test('the live state of a user\u2019s model is upgraded by a reload, and kept over a crash', async () => {
  const empty = await Seastate.create();
  const [file, yaml] = [join(empty.folder, 'counting.ts'), join(empty.folder, 'seastate.yaml')];
  await writeFile(file, model(1, "seen: 'u32', old: 'f64'"));
  await writeFile(yaml, config(1));
  seastate = Seastate.at(empty.folder, '--partitions', '1', '-c', yaml);
  await seastate.start();
  let time = Date.now();
  const send = async (count: number): Promise<void> => {
    for (; count > 0; count--) {
      time = Math.max(time + 1, Date.now());
      const labels = { __name__: 'm', cluster: 'c1' };
      const samples = [{ time, value: time % 97 }];
      expect(await write(seastate.url, [{ labels: Object.entries(labels), samples }])).toBe(204);
    }
  };
  /** What the model expected, in the order of its samples. */
  const expected = async (): Promise<number[]> =>
    [...(await samplesOf(seastate.folder, 'scores'))]
      .filter((line) => line.includes('seastate_expected'))
      .map((line) => line.split(' ').slice(-2).map(Number))
      .sort(([a], [b]) => a! - b!)
      .map(([, value]) => value!);
  const last = async () => (await expected()).at(-1) ?? 0;

  await send(20);
  await until(async () => {
    await send(1);
    return (await last()) > 15;
  });
  const before = await last();
  await writeFile(
    file,
    model(
      2,
      "seen: 'f64', added: 'u8'",
      'upgrade(from, state, at) { state.seen[at]! += from * 1e6; },',
    ),
  );
  await writeFile(yaml, config(2));
  expect((await fetch(`${seastate.url}/-/reload`, { method: 'POST' })).status).toBe(200);
  await until(async () => {
    await send(1);
    return (await last()) > 1e6;
  });
  const upgraded = (await expected()).filter((value) => value > 1e6);
  expect(upgraded[0]! - 1e6).toBeGreaterThan(before - 1);
  await seastate.kill();
  await seastate.start();
  const known = await last();
  await until(async () => {
    await send(1);
    return (await last()) > known;
  });
  expect(await last()).toBeLessThan(2e6);
});
