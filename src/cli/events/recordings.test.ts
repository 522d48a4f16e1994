import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Driver } from './driver.ts';
import { readInputs } from './input.ts';
import { foundIn } from './test.ts';
import {
  errorsOf,
  hasEvents,
  hasMetrics,
  isDecoy,
  judge,
  quantile,
  readTruth,
  type TruthFact,
  type Verdict,
} from './truth.ts';

const beside = fileURLToPath(new URL('../../../../shared/data', import.meta.url));
const root = process.env['SEASTATE_TEST_DATA'] ?? beside;
const folder = `${root}/k8s-events/kubernetes-1.36`;

/** An autoscaler's counters do not name the group: told as a guess, which is not shown. */
const unnamed = /^cluster_scale_(up|down)$/;
/** An image that really could not be pulled, after the truth had given its rollout up. */
const untold = (name: string): string[] =>
  name === 'outage' ? ['image_pull_failure Pod/payments/thumbnailer'] : [];

async function verdictOf(
  name: string,
  files: readonly string[],
  has: (fact: TruthFact) => boolean,
): Promise<Verdict> {
  const { inputs } = await readInputs(files.map((file) => `${folder}/${name}/${file}.jsonl`));
  const driver = new Driver();
  driver.run(inputs, 'c1');
  const truth = await readTruth(`${folder}/${name}/truth.jsonl`);
  const wanted = truth.filter((fact) => !isDecoy(fact) && has(fact));
  const verdict = judge(truth, wanted, foundIn(driver));
  report(`${name} ${files.join('+')}`, wanted.length, verdict);
  return verdict;
}

function report(title: string, wanted: number, verdict: Verdict): void {
  const { matched, missed, extra } = verdict;
  const { start, end } = errorsOf(matched);
  const line = (sorted: number[]): string =>
    `${quantile(sorted, 0.5).toFixed(1)}/${quantile(sorted, 0.95).toFixed(1)} s`;
  process.stdout.write(
    `${title}: ${matched.length}/${wanted}, start ${line(start)}, end ${line(end)}\n` +
      missed.map((f) => `  missed ${f.id} ${f.fact} ${f.object}\n`).join('') +
      extra.map((f) => `  extra ${f.fact} ${f.object}\n`).join(''),
  );
}

const falseIn = (verdict: Verdict): string[] =>
  verdict.extra.map((one) => `${one.fact} ${one.object.split('-')[0]}`);

const ids = (facts: readonly TruthFact[]): string[] => facts.map((f) => `${f.id} ${f.fact}`);

describe.skipIf(!existsSync(folder))('recordings of real control planes', () => {
  for (const name of ['upgrade', 'outage']) {
    for (const file of ['watch-core', 'watch-events', 'eventrouter']) {
      it(`${name}: every fact that ${file} shows is found, no decoy`, async () => {
        const verdict = await verdictOf(name, [file], hasEvents);
        const { missed, decoys, repeated } = verdict;
        expect(ids(missed)).toEqual([]);
        expect(falseIn(verdict)).toEqual(untold(name));
        expect(decoys).toEqual([]);
        expect(repeated).toEqual([]);
      });
    }

    it(`${name}: from metrics alone`, async () => {
      const verdict = await verdictOf(name, ['metrics'], hasMetrics);
      const { missed, decoys, repeated } = verdict;
      expect(ids(missed.filter((fact) => !unnamed.test(fact.fact)))).toEqual([]);
      expect(falseIn(verdict)).toEqual(untold(name));
      expect(decoys).toEqual([]);
      expect(repeated).toEqual([]);
    });

    it(`${name}: from both`, async () => {
      const has = (fact: TruthFact): boolean => hasEvents(fact) || hasMetrics(fact);
      const verdict = await verdictOf(name, ['watch-core', 'metrics'], has);
      expect(ids(verdict.missed)).toEqual([]);
      expect(verdict.decoys).toEqual([]);
      expect(verdict.repeated).toEqual([]);
      expect(falseIn(verdict)).toEqual(untold(name));
    });
  }
});
