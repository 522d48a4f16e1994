import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Driver } from '../../src/cli/events/driver.ts';
import { type Input, readInputs } from '../../src/cli/events/input.ts';
import { type Found, foundIn } from '../../src/cli/events/test.ts';
import {
  errorsOf,
  hasEvents,
  hasMetrics,
  isDecoy,
  judge,
  quantile,
  readTruth,
  type TruthFact,
} from '../../src/cli/events/truth.ts';
import { disturbances } from './disturbances.ts';
import { filterSpeed } from './filter.ts';
import { disturb, type Scenario, simulate } from './scenario.ts';
import type { SimFact } from './world.ts';

/** `npm run bench:events`: recall, precision, errors of start and end per rule, and speed. */
const print = (text: string): void => void process.stdout.write(`${text}\n`);

function find(inputs: readonly Input[]): Found[] {
  const driver = new Driver();
  driver.run(inputs, 'c1');
  return foundIn(driver);
}

interface Tally {
  wanted: number;
  matched: number;
  found: number;
  readonly start: number[];
  readonly end: number[];
}

/** What is kept in bench/results. */
const results: object[] = [];

/** Quantiles 0.5 and 0.95 in seconds. */
function figuresOf(fact: string, { wanted, matched, found, start, end }: Tally): object {
  const errors = (values: number[]): number[] => {
    const sorted = values.toSorted((a, b) => a - b);
    return [quantile(sorted, 0.5), quantile(sorted, 0.95)];
  };
  return { fact, wanted, matched, found, start: errors(start), end: errors(end) };
}

/** One table of a title: a line per fact, and the sum. */
function table(
  title: string,
  truth: readonly TruthFact[],
  wanted: readonly TruthFact[],
  found: readonly Found[],
): void {
  const verdict = judge(truth, wanted, found);
  const tallies = new Map<string, Tally>();
  const of = (fact: string): Tally => {
    let tally = tallies.get(fact);
    if (tally === undefined) {
      tally = { wanted: 0, matched: 0, found: 0, start: [], end: [] };
      tallies.set(fact, tally);
    }
    return tally;
  };
  for (const { fact } of wanted) of(fact).wanted++;
  for (const match of verdict.matched) {
    const tally = of(match.truth.fact);
    const { start, end } = errorsOf([match]);
    tally.matched++;
    tally.found++;
    tally.start.push(...start);
    tally.end.push(...end);
  }
  for (const { fact } of [...verdict.extra, ...verdict.repeated]) of(fact).found++;
  print(`\n${title}`);
  print(line('fact', 'recall', 'precision', 'start s (p50/p95)', 'end s (p50/p95)'));
  const sum: Tally = { wanted: 0, matched: 0, found: 0, start: [], end: [] };
  for (const [fact, tally] of [...tallies].sort(([a], [b]) => (a < b ? -1 : 1))) {
    print(lineOf(fact, tally));
    sum.wanted += tally.wanted;
    sum.matched += tally.matched;
    sum.found += tally.found;
    sum.start.push(...tally.start);
    sum.end.push(...tally.end);
  }
  print(lineOf('all', sum));
  print(`decoys taken ${verdict.decoys.length}, repeated ${verdict.repeated.length}`);
  results.push({
    title,
    facts: [...tallies, ['all', sum] as const].map(([fact, tally]) => figuresOf(fact, tally)),
    decoys: verdict.decoys.length,
    repeated: verdict.repeated.length,
    missed: verdict.missed.map(({ fact, object }) => `${fact} ${object}`),
    false: verdict.extra.map(({ fact, object }) => `${fact} ${object}`),
  });
  for (const { id, fact, object } of verdict.missed) print(`  missed ${id} ${fact} ${object}`);
  for (const { fact, object } of verdict.extra) print(`  false ${fact} ${object}`);
}

const line = (...cells: string[]): string =>
  cells.map((cell, i) => cell.padEnd(i === 0 ? 28 : 20)).join('');

function lineOf(fact: string, { wanted, matched, found, start, end }: Tally): string {
  const share = (part: number, all: number): string =>
    all === 0 ? '-' : `${(part / all).toFixed(3)} (${part}/${all})`;
  const errors = (values: number[]): string => {
    const sorted = values.toSorted((a, b) => a - b);
    return `${quantile(sorted, 0.5).toFixed(1)}/${quantile(sorted, 0.95).toFixed(1)}`;
  };
  return line(fact, share(matched, wanted), share(matched, found), errors(start), errors(end));
}

/** Without boot times and without events a reboot is a node that was lost, or not ready. */
function alsoSeenAs(fact: SimFact): SimFact[] {
  if (fact.fact !== 'node_rebooted') return [fact];
  const hidden = { ...fact, metrics: [], acm: false };
  return [fact, ...['node_lost', 'node_not_ready'].map((as) => ({ ...hidden, fact: as, id: '' }))];
}

function simulated(): void {
  const options = { hours: 8, scrapeMs: 30_000 };
  const runs = (load: number, acmOnly: boolean): Scenario[] =>
    [1, 2, 3].map((seed) => simulate({ ...options, seed, load, acmOnly }));
  const show = (title: string, scenarios: Scenario[], want: (fact: SimFact) => boolean): void => {
    // The runs side by side, as facts of different clusters.
    const truth: SimFact[] = [];
    const found: Found[] = [];
    scenarios.forEach((scenario, i) => {
      const apart = <F extends { object: string }>(f: F): F => ({
        ...f,
        object: `${i}:${f.object}`,
      });
      truth.push(...scenario.facts.flatMap(alsoSeenAs).map(apart));
      found.push(...find(scenario.inputs).map(apart));
    });
    const wanted = truth.filter((fact) => want(fact) && fact.end !== null);
    table(title, truth, wanted, found);
  };
  const real = (fact: SimFact): boolean => fact.id !== '';
  const lost = (scenarios: Scenario[]): string =>
    `${Math.round((100 * scenarios.reduce((s, r) => s + r.lost, 0)) / scenarios.length)} %`;
  show('simulator, nothing removed, seeds 1 2 3', runs(0, false), real);
  const half = runs(0.95, true);
  show(`simulator, ${lost(half)} of the events removed, ACM metrics only`, half, (f) => f.acm);
  const none = runs(1, true).map((r) => ({ ...r, inputs: r.inputs.filter((i) => 'sample' in i) }));
  show('simulator, no events at all, ACM metrics only', none, (f) => f.acm);
  const messy = runs(0, false).map((r, i) => disturb(r, i, 3 * 3_600_000));
  show('simulator, two routers, late by up to 3 h, out of order', messy, real);
}

async function recorded(): Promise<void> {
  const beside = fileURLToPath(new URL('../../../shared/data', import.meta.url));
  const root = `${process.env['SEASTATE_TEST_DATA'] ?? beside}/k8s-events/kubernetes-1.36`;
  if (!existsSync(root)) {
    print(`\nno recordings: set SEASTATE_TEST_DATA (looked for ${root})`);
    return;
  }
  for (const name of ['upgrade', 'outage']) {
    const truth = await readTruth(`${root}/${name}/truth.jsonl`);
    const facts = truth.filter((fact) => !isDecoy(fact));
    const either = (fact: TruthFact): boolean => hasEvents(fact) || hasMetrics(fact);
    for (const [files, has] of [
      [['watch-core'], hasEvents],
      [['metrics'], hasMetrics],
      [['watch-core', 'metrics'], either],
    ] as const) {
      const { inputs } = await readInputs(files.map((file) => `${root}/${name}/${file}.jsonl`));
      const title = `recording ${name}, ${files.join(' and ')}`;
      table(title, truth, facts.filter(has), find(inputs));
    }
    const { inputs } = await readInputs(
      ['watch-core', 'metrics'].map((file) => `${root}/${name}/${file}.jsonl`),
    );
    for (const [how, change] of Object.entries(disturbances)) {
      table(`recording ${name}, ${how}`, truth, facts.filter(either), find(change(inputs)));
    }
  }
}

await recorded();
simulated();
const file = new URL('../results/events.json', import.meta.url);
writeFileSync(file, `${JSON.stringify({ measured: new Date().toISOString(), results })}\n`);
print('\nfilter: records that are 99.9 % platform logs');
for (const [name, value] of Object.entries(filterSpeed()))
  print(`${name.padEnd(28)}${value.toFixed(0)}`);
