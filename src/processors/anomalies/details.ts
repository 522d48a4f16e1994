import { dayMs } from '../../models/budget.ts';
import type { Verdict } from '../../models/verdict.ts';

export const iso = (ms: number): string => new Date(ms).toISOString();
export const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** 100 years: beyond, a tail that was learnt from days of samples says nothing. */
const rareDaysMax = 36_500;

/** What an anomaly tells of its strangest sample; `interval` in ms, `terms` are the model's. */
export function strangestOf(interval: number, terms: readonly string[], v: Verdict) {
  const rarity = v.needed * v.strength;
  return {
    score: v.strength,
    rare_days: finite(Math.min((interval * 10 ** rarity) / dayMs, rareDaysMax)),
    observed: finite(v.value),
    expected: finite(v.expected),
    lower: finite(v.lower),
    upper: finite(v.upper),
    terms: Object.fromEntries(terms.map((name, k) => [name, finite(v.terms[k]!) ?? 0])),
    confidence: v.confidence,
  };
}
