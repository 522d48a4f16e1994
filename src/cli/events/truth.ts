import { readFile } from 'node:fs/promises';
import type { Found } from './test.ts';

/** A fact of a recording's `truth.jsonl` (or of a simulator). */
export interface TruthFact {
  readonly id: string;
  readonly fact: string;
  readonly object: string;
  readonly start: number;
  readonly end: number | null;
  readonly parent: string | null;
  /** Kubernetes events that belong to it: `seen` 0 means that none came. */
  readonly events?: readonly { readonly seen: number | null }[];
  readonly metrics?: readonly string[];
  /** Of decoys: `expect`, such as "no node_lost". */
  readonly detail?: { readonly expect?: string } | null;
}

export interface Match {
  readonly truth: TruthFact;
  readonly found: Found;
}

export interface Verdict {
  readonly matched: readonly Match[];
  readonly missed: readonly TruthFact[];
  /** Intervals that nothing in the truth explains. */
  readonly extra: readonly Found[];
  /** Decoys that were taken for facts. */
  readonly decoys: readonly Match[];
  /** Repeats of facts that were found once already. */
  readonly repeated: readonly Found[];
}

/** Facts of a recording; what only frames it, and what concerns its collector, is left out. */
export async function readTruth(file: string): Promise<TruthFact[]> {
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  return lines
    .map((line) => JSON.parse(line) as TruthFact)
    .filter(({ object, fact }) => object !== undefined && !/^(idle|noise)$/.test(fact))
    .filter(({ object }) => !object.startsWith('Collector/'));
}

export const isDecoy = ({ fact }: TruthFact): boolean => fact.startsWith('decoy_');
export const hasEvents = ({ events }: TruthFact): boolean =>
  (events ?? []).some(({ seen }) => (seen ?? 0) > 0);
export const hasMetrics = ({ metrics }: TruthFact): boolean =>
  (metrics ?? []).some((metric) => metric !== 'none');

/** Times of detection may differ from those of the deed by this much (ms). */
const toleranceMs = 60_000;

const lastOf = (fact: TruthFact): number => fact.end ?? fact.start;

function fits(truth: TruthFact, found: Found): boolean {
  return (
    found.fact === truth.fact &&
    found.object === truth.object &&
    found.start <= lastOf(truth) + toleranceMs &&
    (found.end ?? Number.POSITIVE_INFINITY) >= truth.start - toleranceMs
  );
}

/**
 * Holds what was found against the truth: each `wanted` fact takes the nearest interval of the
 * same fact and object that overlaps it within a minute. Facts that are true but not wanted
 * (without evidence in the input) make no interval false.
 */
export function judge(
  truth: readonly TruthFact[],
  wanted: readonly TruthFact[],
  found: readonly Found[],
): Verdict {
  const taken = new Set<Found>();
  const matched: Match[] = [];
  const missed: TruthFact[] = [];
  for (const fact of wanted) {
    const best = found
      .filter((one) => !taken.has(one) && fits(fact, one))
      .sort((a, b) => Math.abs(a.start - fact.start) - Math.abs(b.start - fact.start))[0];
    if (best === undefined) missed.push(fact);
    else {
      taken.add(best);
      matched.push({ truth: fact, found: best });
    }
  }
  const rest = found.filter((one) => !taken.has(one));
  const real = truth.filter((fact) => !isDecoy(fact));
  const unwanted = rest.filter((one) => !real.some((fact) => fits(fact, one)));
  const repeated = rest.filter((one) => wanted.some((fact) => fits(fact, one)));
  return { matched, missed, extra: unwanted, decoys: decoysIn(truth, unwanted), repeated };
}

/** A decoy is taken when a fact that it must not yield stands at its place and time. */
function decoysIn(truth: readonly TruthFact[], extra: readonly Found[]): Match[] {
  return truth.filter(isDecoy).flatMap((decoy) =>
    extra
      .filter((one) => new RegExp(`\\bno ${one.fact}\\b`).test(decoy.detail?.expect ?? ''))
      .filter((one) => one.object === decoy.object || decoy.object === 'Cluster')
      .filter((one) => one.start >= decoy.start - 5_000 && one.start <= lastOf(decoy) + 5_000)
      .map((one) => ({ truth: decoy, found: one })),
  );
}

/** Errors in seconds of the starts and ends of what was found; open ends do not count. */
export function errorsOf(matched: readonly Match[]): { start: number[]; end: number[] } {
  const start = matched.map((m) => Math.abs(m.found.start - m.truth.start) / 1000);
  const end = matched
    .filter((m) => m.found.end !== null)
    .map((m) => Math.abs(m.found.end! - lastOf(m.truth)) / 1000);
  return { start: start.sort((a, b) => a - b), end: end.sort((a, b) => a - b) };
}

/** The q-quantile of sorted numbers; 0 of none. */
export const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
