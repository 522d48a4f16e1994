import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelDefinition } from '../../src/engine/model.ts';
import { defaultModel } from '../../src/models/default/default.ts';
import { registryOf } from '../../src/models/registry.ts';
import { clock, newRecord } from './baselines.ts';
import { calibrationOf } from './budget.ts';
import { corporaFolder, loadMicrosoft, loadNab, type Series } from './corpora.ts';
import { costOf, quietCost } from './cost.ts';
import { candidates, crossValidate } from './cross-validation.ts';
import { alarmsOf, type Detection, detect, scoresOf } from './detect.ts';
import { type Figures, measure, swept } from './measures.ts';
import { nabScore, profiles } from './nab-scorer.ts';
import { fixed, table } from './report.ts';
import { seriesCount, stopped } from './stopped.ts';
import { calm } from './synthetic/calm.ts';
import { calmUnseen } from './synthetic/calm-unseen.ts';
import { type Character, drawn } from './synthetic/character.ts';
import { characters } from './synthetic/characters.ts';
import { cycles, keptCycles } from './synthetic/cycles.ts';
import { keptLapsed, lapsed } from './synthetic/lapsed.ts';
import { levels } from './synthetic/levels.ts';
import { operations } from './synthetic/operations.ts';
import { anomalyKinds, synthetic } from './synthetic/shapes.ts';
import { unseen } from './synthetic/unseen.ts';
import { vusPr } from './vus-pr.ts';

/**
 * `npm run bench:detection [part...]`: parts nab, microsoft, cold, calibration, folds, synthetic, heldout,
 * unseen, calm, calm-unseen, levels, cycles, lapsed, stopped, cost; all without an argument. Prints tables and writes them to
 * results/detection.json; what other parts left there stays. Data: corpora.ts.
 */
const parts = process.argv.slice(2);
const wants = (part: string) => parts.length === 0 || parts.includes(part);
const shipped = defaultModel as unknown as ModelDefinition;
const figuresOut: Record<string, unknown> = {};

function print(title: string, header: string[], rows: string[][]): void {
  process.stdout.write(table(title, header, rows));
  figuresOut[title] = rows.map((row) => Object.fromEntries(header.map((h, k) => [h, row[k]])));
}

function nabRow(
  name: string,
  corpus: Series[],
  scores: ArrayLike<number>[],
  cut?: number,
): string[] {
  const results = profiles.map((profile) => nabScore(corpus, scores, profile, cut));
  const { hits, falseRows } = results[0]!;
  return [name, ...results.map((r) => fixed(r.normalised, 2)), `${hits}`, `${falseRows}`];
}

function benchNab(corpus: Series[], found: Detection[]): void {
  const others = [...registryOf().values()].filter(
    ({ name }) => name !== 'default' && name !== 'static-threshold' && name !== 'forecast',
  );
  print(
    'NAB: normalised score, one cut for the corpus (higher is better)',
    ['detector', 'standard', 'low FP', 'low FN', 'hits of 116', 'false rows'],
    [
      nabRow('default, its own alarms', corpus, alarmsOf(found), 1),
      nabRow(
        'default, strength, swept',
        corpus,
        found.map((f) => f.strength),
      ),
      nabRow('default, score, swept', corpus, scoresOf(found)),
      nabRow(
        'baseline: clock every 3%',
        corpus,
        corpus.map((s) => clock(s, 0.03)),
      ),
      nabRow(
        'baseline: new record',
        corpus,
        corpus.map((s) => newRecord(s)),
      ),
      nabRow(
        'baseline: new record, rested',
        corpus,
        corpus.map((s) => newRecord(s, 30)),
      ),
      ...others.map((model) =>
        nabRow(
          `${model.name}, its own alarms`,
          corpus,
          alarmsOf(corpus.map((s) => detect(s, model))),
          1,
        ),
      ),
    ],
  );
  const groups = [...new Set(corpus.map((s) => s.group))];
  print(
    'NAB by category, its own alarms',
    ['category', 'standard', 'low FP', 'low FN', 'hits', 'false rows'],
    groups.map((group) => {
      const at = corpus.flatMap((s, k) => (s.group === group ? [k] : []));
      return nabRow(
        group,
        at.map((k) => corpus[k]!),
        at.map((k) => found[k]!.alarm),
        1,
      );
    }),
  );
}

function figureRow(name: string, f: Figures): string[] {
  const { f1, eventF, recall, precision, falsePerDay, alarmsPerDay, medianDelay } = f;
  return [
    name,
    ...[f1, eventF, recall, precision, falsePerDay, alarmsPerDay].map((x) => fixed(x)),
    fixed(medianDelay, 0),
  ];
}

const figureHeader = [
  'detector',
  'delay-7 F1',
  'event F',
  'recall',
  'precision',
  'false/day',
  'alarms/day',
  'delay',
];

function benchMicrosoft(corpus: Series[], found: Detection[]): void {
  const alarms = alarmsOf(found);
  const scores = scoresOf(found);
  const records = corpus.map((s) => newRecord(s));
  const clocks = corpus.map((s) => clock(s, 0.03));
  const z = registryOf().get('ewma-band')!;
  const zScores = corpus.map((s) => detect(s, z, { samples: 200 })).map((f) => f.score);
  print('Microsoft: its own alarms, no cut chosen', figureHeader, [
    figureRow('default, all rows', measure(corpus, alarms, 1, 'all')),
    figureRow('default, second halves', measure(corpus, alarms, 1, 'second')),
    figureRow('baseline: clock', measure(corpus, clocks, 1, 'all')),
    figureRow('baseline: new record', measure(corpus, records, 1, 'all')),
  ]);
  const sweep = (name: string, s: ArrayLike<number>[]) => [
    figureRow(`${name}, for F1`, swept(corpus, s, (f) => f.f1).figures),
    figureRow(`${name}, for event F`, swept(corpus, s, (f) => f.eventF).figures),
  ];
  print('Microsoft: one cut chosen on first halves, figures of second halves', figureHeader, [
    ...sweep('default, score', scores),
    ...sweep(
      'default, strength',
      found.map((f) => f.strength),
    ),
    ...sweep('baseline: EW z-score, alpha .005', zScores),
    figureRow('baseline: new record', measure(corpus, records, 1, 'second')),
  ]);
  print(
    'Microsoft: recall at a budget of false alarms per series-day (first halves), second halves',
    ['budget', 'recall', 'false/day got'],
    [1, 0.1, 0.03].map((budget) => {
      const best = swept(corpus, scores, (f) => (f.falsePerDay <= budget ? f.recall : -1));
      return [`${budget}`, fixed(best.figures.recall), fixed(best.figures.falsePerDay)];
    }),
  );
  const mean = (s: ArrayLike<number>[]) => {
    const all = corpus.map((series, k) => vusPr(series, s[k]!)).filter((v) => !Number.isNaN(v));
    return fixed(all.reduce((a, b) => a + b, 0) / all.length);
  };
  print(
    'Microsoft: VUS-PR, mean over series with events (L = period)',
    ['score', 'VUS-PR'],
    [
      ['default', mean(scores)],
      ['baseline: EW z-score', mean(zScores)],
      ['baseline: new record', mean(records)],
      ['baseline: clock', mean(clocks)],
    ],
  );
}

function benchSynthetic(): void {
  const corpus = synthetic(1);
  const found = corpus.map((series) => detect(series, shipped));
  const groups = [...new Set(corpus.map((s) => s.group))];
  print(
    `Synthetic: ${anomalyKinds.join(', ')} found within 8 samples at 10 s, 1 min, 5 min, 1 h; false alarms per day`,
    ['series', '10 s', '1 min', '5 min', '1 h', 'false/day'],
    groups.map((group) => {
      const at = corpus.flatMap((s, k) => (s.group === group ? [k] : []));
      const hits = at.map((k) =>
        corpus[k]!.spans.map(([a, b]) =>
          found[k]!.alarm.slice(a, Math.min(a + 7, b) + 1).includes(1) ? 'x' : '.',
        ).join(''),
      );
      const perDay = at.map((k) =>
        fixed(measure([corpus[k]!], [found[k]!.alarm], 1, 'all').falsePerDay, 2),
      );
      return [group, ...hits, perDay.join(' ')];
    }),
  );
}

function benchCharacters(title: string, of: Record<string, Character>, seed: number): void {
  const corpus = drawn(of, 10, seed);
  const found = corpus.map((series) => detect(series, shipped));
  const rowOf = (name: string, at: number[]): string[] => {
    const own = at.map((k) => corpus[k]!);
    const areas = at.map((k) => vusPr(corpus[k]!, found[k]!.score));
    const alarms = at.map((k) => found[k]!.alarm);
    const area = areas.reduce((a, b) => a + b, 0) / areas.length;
    return [...figureRow(name, measure(own, alarms, 1, 'all')), fixed(area)];
  };
  const at = (name: string) => corpus.flatMap((s, k) => (s.group === name ? [k] : []));
  print(
    `${title}: its own alarms`,
    [...figureHeader, 'VUS-PR'],
    [rowOf('all', [...corpus.keys()]), ...Object.keys(of).map((name) => rowOf(name, at(name)))],
  );
}

function benchCalibration(corpora: [string, Series[]][]): void {
  const rows = corpora.flatMap(([name, corpus]) =>
    [0.1, 0.2, 0.3].map((asked) => {
      const found = corpus.map((series) => detect(series, shipped, {}, asked));
      const c = calibrationOf(corpus, found, asked);
      return [name, `${asked}`, fixed(c.all), fixed(c.normal), fixed(c.within4, 2), `${c.series}`];
    }),
  );
  print(
    'Alarms per series-day, asked and got',
    ['corpus', 'asked', 'got', 'got on normal rows', 'series within 4x', 'of'],
    rows,
  );
}

function benchFolds(corpus: Series[]): void {
  const groups = [...new Set(corpus.map((s) => s.group))];
  const byGroup = (file: number) => groups.indexOf(corpus[file]!.group);
  const rows = crossValidate(corpus, shipped, candidates(40, 1), [
    { name: '5-fold by file', of: (file) => file % 5 },
    { name: '5-fold by file, other folds', of: (file) => ((file * 7 + 3) % 58) % 5 },
    { name: 'leave one category out', of: byGroup },
  ]);
  print(
    'NAB, cuts chosen among 40 candidates on the other files (from its own alarms)',
    ['folds', 'standard', 'low FP', 'low FN'],
    rows.map(({ name, byProfile }) => [name, ...byProfile.map((x) => fixed(x, 2))]),
  );
}

function benchCold(corpora: [string, Series[], Detection[]][]): void {
  const rows = corpora.flatMap(([name, corpus, found]) =>
    [0, 24, 100, 200, 500].map((from, k, all) => {
      const to = all[k + 1] ?? Number.POSITIVE_INFINITY;
      let [alarms, days, events, caught] = [0, 0, 0, 0];
      corpus.forEach((series, s) => {
        const last = Math.min(to, series.values.length);
        for (let i = from; i < last; i++) alarms += found[s]!.alarm[i]!;
        days += (Math.max(0, last - from) * series.interval) / 86_400_000;
        for (const [a, b] of series.spans) {
          if (a < from || a >= to) continue;
          events++;
          if (found[s]!.alarm.slice(a, Math.min(a + 7, b) + 1).includes(1)) caught++;
        }
      });
      return [name, `${from} to ${to}`, fixed(alarms / days), `${caught} of ${events}`];
    }),
  );
  print(
    'Cold start: by samples since birth',
    ['corpus', 'samples', 'alarms/day', 'events within 8 samples'],
    rows,
  );
}

function benchStopped(): void {
  const minute = 60_000;
  const intervals: [string, number][] = [
    ['10 s', 10_000],
    ['15 s', 15_000],
    ['30 s', 30_000],
    ['1 min', minute],
    ['5 min', 5 * minute],
    ['1 h', 60 * minute],
  ];
  const rows = intervals.flatMap(([name, interval]) =>
    [0, 0.25].map((jitter) => {
      const { delays, tooEarly, onReturn } = stopped(interval, jitter, 1);
      const [median, most] = [delays[delays.length >> 1], delays.at(-1)].map((d) => fixed(d!, 2));
      const found = `${delays.length} of ${seriesCount}`;
      return [name, `${jitter}`, found, median!, most!, `${tooEarly}`, `${onReturn}`];
    }),
  );
  print(
    'Stopped streams: expected intervals from the first missing sample to the anomaly',
    ['interval', 'jitter', 'found', 'median', 'max', 'too early', 'alarms on return'],
    rows,
  );
}

function benchCost(): void {
  const models = [...registryOf().values()].filter((m) => m.name !== 'static-threshold');
  const rows = [
    costOf(shipped, 1, 2_000_000),
    costOf(shipped, 100_000, 1_000_000),
    costOf(shipped, 1_000_000, 3_000_000),
    quietCost(shipped, 1_000_000),
    ...models.filter((m) => m.name !== 'default').map((m) => costOf(m, 1, 500_000)),
  ];
  print(
    'Cost with preprocessing and calibration (CPU time)',
    ['model', 'series', 'ns/sample', 'bytes/series'],
    rows.map((r) => [r.name, `${r.series}`, fixed(r.nsPerSample, 0), `${r.bytesPerSeries}`]),
  );
}

const folder = corporaFolder();
if (!folder) {
  process.stdout.write(
    'no corpora (SEASTATE_TEST_DATA, or ../shared/data): only synthetic and cost\n',
  );
} else {
  const nab = loadNab(folder);
  const microsoft = loadMicrosoft(folder);
  if (wants('nab') || wants('microsoft') || wants('cold')) {
    const foundNab = nab.map((series) => detect(series, shipped));
    const foundMicrosoft = microsoft.map((series) => detect(series, shipped));
    if (wants('nab')) benchNab(nab, foundNab);
    if (wants('microsoft')) benchMicrosoft(microsoft, foundMicrosoft);
    if (wants('cold')) {
      benchCold([
        ['NAB', nab, foundNab],
        ['Microsoft', microsoft, foundMicrosoft],
      ]);
    }
  }
  if (wants('calibration')) {
    benchCalibration([
      ['NAB', nab],
      ['Microsoft', microsoft],
      ['synthetic', synthetic(2)],
    ]);
  }
  if (wants('folds')) benchFolds(nab);
}
if (wants('synthetic')) benchSynthetic();
if (wants('heldout')) {
  benchCharacters('Thirteen characters, draws not looked at', characters, 2);
  benchCharacters('Operations data, draws not looked at', operations, 2);
}
if (wants('unseen')) benchCharacters('Characters not looked at', unseen, 1);
if (wants('calm')) benchCharacters('Calm series, to look at', calm, 1);
if (wants('calm-unseen')) benchCharacters('Calm series not looked at', calmUnseen, 1);
if (wants('levels')) {
  benchCharacters('Noise that follows the level, to look at', levels, 1);
  benchCharacters('Noise that follows the level, other draws', levels, 2);
}
if (wants('cycles')) {
  benchCharacters('Cycles of their own', cycles, 1);
  benchCharacters('Cycles of their own, judged once', keptCycles, 1);
}
if (wants('lapsed')) {
  benchCharacters('Cycles that vary, change, end or begin anew', lapsed, 1);
  benchCharacters('Cycles that vary, change, end or begin anew, judged once', keptLapsed, 1);
}
if (wants('stopped')) benchStopped();
if (wants('cost')) benchCost();
const results = join(import.meta.dirname, '..', 'results');
const file = join(results, 'detection.json');
mkdirSync(results, { recursive: true });
const before = parts.length > 0 && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
writeFileSync(file, `${JSON.stringify({ ...before, ...figuresOut }, null, 2)}\n`);
