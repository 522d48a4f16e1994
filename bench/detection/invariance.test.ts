import { describe, expect, test } from 'vitest';
import type { ModelDefinition } from '../../src/engine/model.ts';
import { defaultModel } from '../../src/models/default/default.ts';
import { corporaFolder, loadMicrosoft, loadNab } from './corpora.ts';
import { detect } from './detect.ts';

const folder = corporaFolder();
if (!folder) console.warn('skipped: no corpora beside the checkout (SEASTATE_TEST_DATA)');
const model = defaultModel as unknown as ModelDefinition;

describe.skipIf(!folder)('the shipped detector on public series', () => {
  const corpus = folder ? [...loadNab(folder), ...loadMicrosoft(folder)] : [];
  const some = corpus.filter((_, k) => k % 8 === 0);

  test.each(some.map((series) => [series.name, series] as const))('%s', (_, series) => {
    const full = detect(series, model);
    const n = series.values.length;
    for (const cut of [0.2, 0.4, 0.6, 0.8].map((c) => Math.floor(c * n)).concat(7, 101, 289, 577)) {
      const part = { times: series.times.slice(0, cut), values: series.values.slice(0, cut) };
      const found = detect({ ...series, ...part }, model);
      expect(found.score).toEqual(full.score.slice(0, cut));
      expect(found.alarm).toEqual(full.alarm.slice(0, cut));
    }
    const thousand = detect({ ...series, values: series.values.map((x) => x * 1000) }, model);
    expect(thousand.alarm).toEqual(full.alarm);
  });
});
