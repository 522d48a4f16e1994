import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomOf } from '../../models/series.test-kit.ts';
import { Driver } from './driver.ts';
import { type Input, readInputs } from './input.ts';
import { foundIn } from './test.ts';
import { hasEvents, hasMetrics, isDecoy, judge, readTruth, type TruthFact } from './truth.ts';

const beside = fileURLToPath(new URL('../../../../shared/data', import.meta.url));
const root = process.env['SEASTATE_TEST_DATA'] ?? beside;
const folder = `${root}/k8s-events/kubernetes-1.36`;

const either = (fact: TruthFact): boolean => hasEvents(fact) || hasMetrics(fact);

/** What real collectors do to a stream; the story stays the same. */
describe.skipIf(!existsSync(folder))('a disturbed recording', () => {
  let events: readonly Input[] = [];
  let metrics: readonly Input[] = [];
  let truth: readonly TruthFact[] = [];

  beforeAll(async () => {
    events = (await readInputs([`${folder}/upgrade/watch-core.jsonl`])).inputs;
    metrics = (await readInputs([`${folder}/upgrade/metrics.jsonl`])).inputs;
    truth = await readTruth(`${folder}/upgrade/truth.jsonl`);
  });

  function driven(inputs: readonly Input[]): Driver {
    const driver = new Driver();
    driver.run(
      inputs.toSorted((a, b) => a.time - b.time),
      'c1',
    );
    return driver;
  }

  function verdictOf(inputs: readonly Input[], has: (fact: TruthFact) => boolean) {
    const wanted = truth.filter((fact) => !isDecoy(fact) && has(fact));
    const verdict = judge(truth, wanted, foundIn(driven(inputs)));
    return { ...verdict, recall: verdict.matched.length / wanted.length };
  }

  const clean = { recall: 1, extra: [], decoys: [], repeated: [] };

  it('half of the events lost: metrics tell the rest, and nothing is invented', () => {
    for (const seed of [1, 2, 3]) {
      const random = randomOf(seed);
      const half = events.filter(() => random() >= 0.5);
      const { recall, extra, decoys } = verdictOf([...half, ...metrics], either);
      expect({ seed, recall: recall >= 0.95, extra, decoys }).toEqual({
        seed,
        recall: true,
        extra: [],
        decoys: [],
      });
    }
  });

  it('two routers, a list anew after 20 minutes, all in disorder: every fact once', () => {
    const random = randomOf(4);
    const late = (input: Input, by: number): Input => ({
      ...input,
      time: input.time + Math.round(random() * by),
    });
    const twice = events.flatMap((input) => [late(input, 300_000), late(input, 1_200_000)]);
    expect(verdictOf(twice, hasEvents)).toMatchObject(clean);
  });

  it('begun or ended in the middle: what lies within is found, nothing else', () => {
    const [from, to] = [metrics[0]!.time, metrics.at(-1)!.time];
    const all = [...events, ...metrics];
    for (const share of [0.35, 0.5]) {
      const cut = Math.round(from + share * (to - from));
      const tail = all.filter((input) => input.time >= cut);
      const isAfter = (fact: TruthFact): boolean => either(fact) && fact.start > cut + 30_000;
      expect(verdictOf(tail, isAfter)).toMatchObject({ ...clean, repeated: expect.anything() });
      const head = all.filter((input) => input.time < cut);
      const isBefore = (fact: TruthFact): boolean =>
        either(fact) && (fact.end ?? fact.start) < cut - 30_000;
      expect(verdictOf(head, isBefore)).toMatchObject({ ...clean, repeated: expect.anything() });
    }
  });

  it('two clusters in one stream do not mix', () => {
    const named = (input: Input, cluster: string): Input =>
      'event' in input
        ? { ...input, event: { ...input.event, cluster } }
        : { ...input, sample: { ...input.sample, labels: { ...input.sample.labels, cluster } } };
    const all = [...events, ...metrics];
    const shifted = all.map((input) => ({ ...input, time: input.time + 2_500 }));
    const driver = driven([
      ...all.map((input) => named(input, 'a')),
      ...shifted.map((input) => named(input, 'b')),
    ]);
    const alone = foundIn(driven(all)).map(({ fact, object }) => `${fact} ${object}`);
    const told = foundIn(driver).map(({ fact, object }) => `${fact} ${object}`);
    expect(told.toSorted()).toEqual([...alone, ...alone].toSorted());
  });
});
