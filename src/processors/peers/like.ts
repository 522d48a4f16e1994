import { identityOf } from '../../core/identity.ts';
import type { Label } from '../../engine/processor.ts';
import { alikeWords } from '../anomalies/workload.ts';

/** Labels that name a cluster or a node: like series differ in them. */
const ofPlace: ReadonlySet<string> = new Set([
  'cluster',
  'cluster_id',
  'clusterID',
  'cluster_name',
  'node',
  'prometheus',
]);

/** What like series have in common, in one cluster and over all. */
export interface Like {
  readonly cohort: string;
  readonly workload: string;
  readonly labels: Readonly<Record<string, string>>;
}

export function likeOf(labels: readonly Label[]): Like {
  const [workload = '', ...words] = alikeWords(labels.filter(([name]) => !ofPlace.has(name)));
  const common: Record<string, string> = {};
  for (let k = 0; k < words.length; k += 2) common[words[k]!] = words[k + 1]!;
  return { cohort: identityOf([workload, ...words]), workload, labels: common };
}

/** Groups in the cache at most; those of series that are gone stay until then. */
const knownMax = 100_000;

/**
 * The group of each series, found once: labels are compared as text only when a series is new. It
 * is derived from labels alone, so it is no part of the state.
 */
export class Likes {
  readonly #bySlot: (Like | undefined)[] = [];
  readonly #known = new Map<string, Like>();

  of(slot: number, labels: () => readonly Label[]): Like {
    const found = this.#bySlot[slot];
    if (found) return found;
    const like = likeOf(labels());
    if (this.#known.size >= knownMax) this.#known.clear();
    const known = this.#known.get(like.cohort) ?? like;
    this.#known.set(like.cohort, known);
    this.#bySlot[slot] = known;
    return known;
  }

  forget(slot: number): void {
    this.#bySlot[slot] = undefined;
  }
}

/** Median of numbers; sorts them. */
export function medianOf(values: Float64Array): number {
  values.sort();
  const middle = values.length >> 1;
  return values.length % 2 === 1 ? values[middle]! : (values[middle - 1]! + values[middle]!) / 2;
}

/** Median of the absolute deviations from `median`. */
export const spreadOf = (values: Float64Array, median: number): number =>
  medianOf(values.map((value) => Math.abs(value - median)));
