import type { ModelDefinition } from '../../src/engine/model.ts';
import { randomOf } from '../../src/models/series.test-kit.ts';
import type { Series } from './corpora.ts';
import { detect } from './detect.ts';
import { nabScore, profiles } from './nab-scorer.ts';

/**
 * NAB on files that had no say in the settings: candidates are the cuts of the default detector
 * moved at random around round numbers, the best on the other files is judged on the held-out ones.
 */
const round = {
  value: 0.1,
  level: 0.25,
  season: 0.2,
  deviation: 0.3,
  fading: 0.6,
  word: 10,
  block: 5,
};

export function candidates(count: number, seed: number): object[] {
  const random = randomOf(seed);
  return Array.from({ length: count }, (_, k) => {
    const move = () => (k === 0 ? 1 : 2 ** (1.2 * random() - 0.6));
    return {
      cuts: Object.fromEntries(Object.entries(round).map(([name, cut]) => [name, cut * move()])),
    };
  });
}

/** Raw scores [candidate][file] of one profile from `alarm`. */
function rawOf(corpus: readonly Series[], definition: ModelDefinition, settings: object[]) {
  return settings.map((parameters) =>
    corpus.map((series) => {
      const { alarm } = detect(series, definition, parameters);
      return profiles.map((profile) => nabScore([series], [alarm], profile, 1).raw);
    }),
  );
}

export interface Validated {
  readonly name: string;
  readonly byProfile: readonly number[];
}

/** Scores of all files, each judged with the settings chosen without its fold. */
export function crossValidate(
  corpus: readonly Series[],
  definition: ModelDefinition,
  settings: object[],
  folds: readonly { name: string; of: (file: number) => number }[],
): Validated[] {
  const raw = rawOf(corpus, definition, settings);
  const windows = corpus.reduce((sum, series) => sum + series.spans.length, 0);
  return folds.map(({ name, of }) => ({
    name,
    byProfile: profiles.map((profile, p) => {
      let total = 0;
      for (const fold of new Set(corpus.map((_, file) => of(file)))) {
        const sums = raw.map((files) =>
          files.reduce((sum, file, k) => sum + (of(k) === fold ? 0 : file[p]!), 0),
        );
        const best = sums.indexOf(Math.max(...sums));
        total += raw[best]!.reduce((sum, file, k) => sum + (of(k) === fold ? file[p]! : 0), 0);
      }
      const nothing = -windows * profile.falseNegative;
      return (100 * (total - nothing)) / (windows - nothing);
    }),
  }));
}
