import type { Selection } from '../../engine/processor.ts';
import type { Held, Outcome, Verdict } from '../../models/verdict.ts';
import { aspectOf, aspects, type Histograms, itself } from './histograms/histograms.ts';
import type { OpenAnomaly } from './intervals.ts';

/** What became of a sample: of one that was not scored its outcome, else why it is (not) told. */
export type Fate =
  | Exclude<Outcome, 'scored'>
  | Exclude<Held, ''>
  | 'told'
  | 'open'
  | 'beside'
  | 'withheld'
  | 'expected';

/**
 * What became of the newest sample of an aspect; `row`: the anomaly that is open on its series
 * behind it.
 */
export function fateOf(
  v: Verdict,
  which: number,
  row: OpenAnomaly | undefined,
  time: number,
): Fate {
  if (v.outcome === 'failed') return 'failed';
  if (row && row.which !== which) {
    if (v.alarm) return 'beside';
    return v.outcome === 'scored' ? v.held || 'below-cut' : v.outcome;
  }
  if (row?.hushed) return 'expected';
  if (row) return Date.parse(row.data.start) === time && row.revision === 0 ? 'told' : 'open';
  if (v.alarm) return 'withheld';
  return v.outcome === 'scored' ? v.held || 'below-cut' : v.outcome;
}

/** What was said of one sample. */
export interface SeenSample {
  /** ms */
  readonly time: number;
  readonly fate: Fate;
  readonly kind: string;
  readonly value: number | null;
  readonly expected: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  /** As the model gave it; multiples of the cut; the rarity that it took, -log10. */
  readonly score: number;
  readonly strength: number;
  readonly needed: number | null;
  readonly confidence: number;
  readonly error: string;
  readonly terms: Readonly<Record<string, number>>;
}

/** What was found of a series since it is watched. */
export interface SeenSeries {
  samples: number;
  /** ms, of the first of them: a change of code since begins to watch anew. */
  readonly first: number;
  /** Samples by what became of them. */
  readonly fates: Partial<Record<Fate, number>>;
  last: SeenSample;
  strongest: SeenSample;
  /** The newest that asked for an alarm; null: none did. */
  alarm: SeenSample | null;
  /** The newest on which the model failed; null: on none. */
  failed: SeenSample | null;
}

/** Keeps what is found of chosen series. Beside the state: no output depends on it. */
export class Watch {
  readonly #chosen: Pick<Selection, 'has'>;
  readonly #histograms: Histograms;
  /** By `aspectOf`. */
  readonly #seen = new Map<number, SeenSeries>();

  constructor(chosen: Pick<Selection, 'has'>, histograms: Histograms) {
    this.#chosen = chosen;
    this.#histograms = histograms;
  }

  of(slot: number, which: number): SeenSeries | null {
    return this.#seen.get(aspectOf(slot, which)) ?? null;
  }

  forget(slot: number): void {
    for (let which = itself; which < aspects + itself; which++) {
      this.#seen.delete(aspectOf(slot, which));
    }
  }

  /** Whether the series, or another that its histogram is made of, was chosen. */
  has(slot: number): boolean {
    if (this.#chosen.has(slot)) return true;
    return this.#histograms.seriesOf(slot).some((each) => this.#chosen.has(each));
  }

  sample(
    slot: number,
    which: number,
    time: number,
    v: Verdict,
    terms: readonly string[],
    fate: Fate,
  ): void {
    const aspect = aspectOf(slot, which);
    const sample: SeenSample = {
      time,
      fate,
      kind: v.kind,
      value: finite(v.value),
      expected: finite(v.expected),
      lower: finite(v.lower),
      upper: finite(v.upper),
      score: v.score,
      strength: v.strength,
      needed: finite(v.needed),
      confidence: v.confidence,
      error: v.error,
      terms: Object.fromEntries(terms.map((name, k) => [name, finite(v.terms[k]!) ?? 0])),
    };
    let seen = this.#seen.get(aspect);
    if (!seen) {
      const newest = { last: sample, strongest: sample, alarm: null, failed: null };
      seen = { samples: 0, first: time, fates: {}, ...newest };
      this.#seen.set(aspect, seen);
    }
    seen.samples++;
    seen.fates[fate] = (seen.fates[fate] ?? 0) + 1;
    seen.last = sample;
    if (v.strength >= seen.strongest.strength) seen.strongest = sample;
    if (v.alarm) seen.alarm = sample;
    if (fate === 'failed') seen.failed = sample;
  }
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
