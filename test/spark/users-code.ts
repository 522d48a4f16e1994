import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Bundle, bundleFiles, type UserFiles } from '../../src/user-code/bundle.ts';

const exampleFile = (path: string): string =>
  fileURLToPath(new URL(`../../examples/${path}`, import.meta.url));
const processors = [exampleFile('kube-api-server/kube-api-server.ts')];
const models = [exampleFile('ewma-band/ewma-band.ts')];

/** The user's code before and after its change. */
export type CodeVersion = 'v1' | 'v2';

/** A processor whose state goes on over changes of its code. */
const counts = (code: CodeVersion) => `
import { defineProcessor } from 'seastate';
export const counts = defineProcessor({
  name: 'counts', version: 1, outputs: ['x-counts'],
  create(context) {
    const seen = context.table('seen', ({ cluster }) => String(cluster));
    return {
      samples(block) {
        const key = String(block.cluster);
        const row = seen.get(key) ?? seen.set(key, { cluster: block.cluster, samples: 0 });
        row.samples += block.length;
        context.emit({ topic: 'x-counts', type: 'counts', cluster: block.cluster,
          subject: key, revision: row.samples, data: { code: '${code}', samples: row.samples } });
      },
    };
  },
});
`;

/** What `upgrade` of the model adds to the samples that it has seen. */
export const upgraded = 1_000_000;
const upgrade = `upgrade(from, state, at) {
    if (from !== 1 || state.highest[at] !== -1) throw new Error('not as version 1 left it');
    state.seen[at]! += ${upgraded};
  },`;

/**
 * A model that tells by its `expected` how many samples its state has seen: none may be lost. After
 * its change it is loud enough to be told beside an alarm that rests.
 */
const swell = (code: CodeVersion) => `
import { defineModel, weight } from 'seastate';
import { z } from 'zod';
export const swell = defineModel({
  name: 'swell', version: ${code === 'v1' ? 1 : 2}, summary: 'Height over a running mean.',
  calibration: 'fixed',
  parameters: z.strictObject({ cut: z.number().default(1) }),
  state: { seen: 'u32', mean: 'f64'${code === 'v1' ? '' : ", highest: { type: 'f32', initial: -1 }"} },
  score(sample, state, at, { cut }, result) {
    result.expected = state.seen[at]!;
    result.score = ${code === 'v1' ? 1 : 5} * Math.max(0, sample.value - state.mean[at]!) / cut;
    state.seen[at]!++;
    state.mean[at]! += weight(20, sample.steps) * (sample.value - state.mean[at]!);
    ${code === 'v1' ? '' : 'state.highest[at] = Math.max(state.highest[at]!, sample.value);'}
  },
  ${code === 'v1' ? '' : upgrade}
});
`;

/** The user's files in a folder, and two of the shipped examples. */
export const usersFiles = (folder: string, code: CodeVersion): UserFiles => ({
  processors: [...processors, join(folder, `counts-${code}.ts`)],
  models: [...models, join(folder, `swell-${code}.ts`)],
});

/** Writes the files, and bundles them. */
export async function bundleUsersCode(folder: string, code: CodeVersion): Promise<Bundle> {
  await writeFile(join(folder, `counts-${code}.ts`), counts(code));
  await writeFile(join(folder, `swell-${code}.ts`), swell(code));
  return await bundleFiles(usersFiles(folder, code));
}
