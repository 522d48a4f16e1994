import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Seastate, until } from '../parts/seastate.ts';
import { write } from '../parts/write.ts';

const config = (version: number, select: string, mode = 'new') => `
process:
  models: [model.ts]
  processors: [own.ts]
settings:
  version: ${version}
  status_ticks: 1
  anomalies:
    routes: [{select: '${select}', model: counting}]
  own: {mode: ${mode}}
`;
/** As in runners, trials and wherever else a command runs users' code. */
const sealed = "if ('process' in globalThis) throw new Error('this is not sealed');";
const model = (version: number, more = '') => `
import { defineModel } from 'seastate';
import { z } from 'zod';
${sealed}
export const counting = defineModel({
  name: 'counting', version: ${version}, summary: 'counts', calibration: 'fixed',
  parameters: z.strictObject({}), state: { seen: 'f64' },
  score(_sample, state, at) { state.seen[at]!++; },
  ${more}
});
`;
const own = (version: number, mode: string, more = '') => `
import { defineProcessor } from 'seastate';
import { z } from 'zod';
${sealed}
export const own = defineProcessor({
  name: 'own', version: ${version}, outputs: [],
  settings: z.object({ mode: z.enum(['${mode}']).default('${mode}') }),
  create(context) { context.table('rows', () => 'a'); return {}; },
  ${more}
});
`;

test('what is to go on with a state is tried on it before', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'seastate-state-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'seastate.yaml');
  const put = async (text: string, modelText: string, ownText: string): Promise<void> => {
    await writeFile(file, text);
    await writeFile(join(folder, 'model.ts'), modelText);
    await writeFile(join(folder, 'own.ts'), ownText);
  };
  await put(config(1, 'load', 'old'), model(1), own(1, 'old'));
  const seastate = await (await Seastate.create('--config', file, '--partitions', '2')).start();
  onTestFinished(() => seastate.close());
  const labels: [string, string][] = [
    ['__name__', 'load'],
    ['cluster', 'east'],
  ];
  const samples = Array.from({ length: 9 }, (_, i) => ({ time: Date.now() - 9 + i, value: i }));
  await write(seastate.url, [{ labels, samples }]);
  await until(async () => (await seastate.api('status')).series === 1);
  await seastate.stop();
  const explained = await seastate.cli('explain', '--data', seastate.folder, 'load');
  expect(explained).toMatchObject({ code: 0, err: '' });
  expect(explained.out).toContain('counting');
  const check = () => seastate.cli('check', '--state', '--data', seastate.folder, file);

  await put(config(2, 'laod'), model(2), own(1, 'new'));
  const good = await check();
  expect(good).toMatchObject({ code: 0 });
  expect(good.err).toContain('state of 2 partitions: goes on');
  expect(good.err).toContain(
    `warning: ${file}:9:23: settings.anomalies.routes[0].select: no series matches laod`,
  );

  const upgrade = "upgrade(_, state, at) { if (state.seen[at] === 9) throw new Error('nine'); },";
  await put(config(2, 'load'), model(2, upgrade), own(1, 'new'));
  const bad = await check();
  expect(bad.code).toBe(1);
  expect(bad.err).toMatch(/model counting, upgrade: .*model\.ts:9:\d+: nine/);

  await put(config(2, 'load'), model(1), own(2, 'new', "upgrade() { throw new Error('rows'); },"));
  const worse = await check();
  expect(worse.code).toBe(1);
  expect(worse.err).toMatch(/own\.ts:9:\d+: rows/);
});
