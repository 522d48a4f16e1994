import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Seastate, until } from '../parts/seastate.ts';
import { outputsOf } from './read-back.ts';
import { Sender } from './sender.ts';

let seastate: Seastate;
afterEach(async () => {
  await seastate.close();
});

const processor = (version: string) => `
import { defineProcessor, sameKey } from 'seastate';
export const counts = defineProcessor({
  name: 'counts',
  version: 1,
  outputs: ['x-counts'],
  create(context) {
    const seen = context.table<{ cluster: number; samples: number }>('seen', sameKey);
    return {
      samples(block) {
        const row = seen.get('all') ?? seen.set('all', { cluster: block.cluster, samples: 0 });
        row.samples += block.length;
        context.emit({ topic: 'x-counts', type: 'counts', cluster: block.cluster,
          subject: 'all', revision: row.samples, data: { code: '${version}', samples: row.samples } });
      },
    };
  },
});
`;

const config = (version: number) =>
  `process: {processors: [counts.ts]}\nsettings: {version: ${version}}\n`;

test('a processor of a user changes while it runs, with its state kept', async () => {
  const empty = await Seastate.create();
  const [file, yaml] = [join(empty.folder, 'counts.ts'), join(empty.folder, 'seastate.yaml')];
  await writeFile(file, processor('old'));
  await writeFile(yaml, config(1));
  seastate = Seastate.at(empty.folder, '--partitions', '2', '-c', yaml);
  await seastate.start();
  const load = new Sender(11).run(() => seastate.url);
  const codes = async () => {
    const outputs = await outputsOf(seastate.folder);
    return Object.entries(outputs)
      .filter(([key]) => key.endsWith(' x-counts'))
      .map(([, lines]) =>
        lines.map((line) => JSON.parse(line.slice(line.indexOf('} {') + 2)).data),
      );
  };
  await until(async () => (await codes()).flat().length > 10);

  // The same version with other code is refused, and the old one goes on.
  await writeFile(file, processor('new'));
  const refused = await fetch(`${seastate.url}/-/reload`, { method: 'POST' });
  expect(await refused.text()).toContain('raise the version');
  await writeFile(yaml, config(2));
  expect((await fetch(`${seastate.url}/-/reload`, { method: 'POST' })).status).toBe(200);
  await until(async () => (await codes()).every((list) => list.at(-1).code === 'new'));
  await load.stop();

  for (const list of await codes()) {
    const change = list.findIndex(({ code }) => code === 'new');
    expect(list.slice(change).every(({ code }) => code === 'new')).toBe(true);
    // The count goes on over the change.
    for (let i = 1; i < list.length; i++)
      expect(list[i].samples).toBeGreaterThan(list[i - 1].samples);
  }
  await seastate.kill();
  await seastate.start();
  const more = new Sender(12).run(() => seastate.url);
  const before = (await codes()).flat().length;
  await until(async () => (await codes()).flat().length > before + 10);
  await more.stop();
  await until(async () =>
    (await seastate.api('status')).partitions.every(
      (p: { state: string }) => p.state === 'running',
    ),
  );
});
