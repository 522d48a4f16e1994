import { describe, expect, test } from 'vitest';
import { clock, newRecord, oracle } from './baselines.ts';
import { corporaFolder, loadNab, type Series } from './corpora.ts';
import { nabScore, profiles } from './nab-scorer.ts';

const folder = corporaFolder();
if (!folder) console.warn('skipped: no corpora beside the checkout (SEASTATE_TEST_DATA)');

/** Vectors: detectors that know nothing, over the published files and windows. */
const vectors: [string, (s: Series) => Uint8Array, number[], number, number][] = [
  ['clock, every 3%', (s) => clock(s, 0.03), [16.33, 0, 42.21], 109, 1546],
  ['clock, every 5%', (s) => clock(s, 0.05), [23.27, 0, 40.22], 86, 933],
  ['new record', (s) => newRecord(s), [54.04, 46.88, 57.87], 76, 154],
  ['new record, rested', (s) => newRecord(s, 30), [56.23, 51.41, 59.33], 76, 104],
  ['oracle', (s) => oracle(s), [92.17, 92.13, 94.49], 115, 1],
  ['oracle, 5 rows late', (s) => oracle(s, 5), [90.71, 90.66, 93.52], 115, 1],
];

describe.skipIf(!folder)('NAB scorer', () => {
  const corpus = folder ? loadNab(folder) : [];

  test('reads all of the corpus', () => {
    expect(corpus.length).toBe(58);
    expect(corpus.reduce((sum, s) => sum + s.values.length, 0)).toBe(365_558);
    expect(corpus.reduce((sum, s) => sum + s.spans.length, 0)).toBe(116);
    expect(corpus.every((s) => s.spans.every(([l, r]) => l >= 0 && r > l))).toBe(true);
  });

  test.each(vectors)('%s', (_, detect, scores, hits, falseRows) => {
    const flags = corpus.map(detect);
    const results = profiles.map((profile) => nabScore(corpus, flags, profile));
    results.forEach((result, k) => {
      expect(result.normalised).toBeCloseTo(scores[k]!, 1.99);
    });
    expect(results[0]!.hits).toBe(hits);
    expect(results[0]!.falseRows).toBe(falseRows);
  });

  test('a threshold that is given flags every row at or above it', () => {
    const flags = corpus.map((s) => newRecord(s));
    const swept = nabScore(corpus, flags, profiles[0]!);
    expect(nabScore(corpus, flags, profiles[0]!, 1)).toEqual({ ...swept, threshold: 1 });
    expect(nabScore(corpus, flags, profiles[0]!, 2).normalised).toBe(0);
  });
});
