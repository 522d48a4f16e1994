import { dayMs } from '../../models/budget.ts';
import type { Verdict } from '../../models/scorer.ts';

export const iso = (ms: number): string => new Date(ms).toISOString();
export const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** What an anomaly tells of its strangest sample; `interval` in ms, `terms` are the model's. */
export function strangestOf(interval: number, terms: readonly string[], v: Verdict) {
  const rarity = v.needed * v.strength;
  return {
    score: v.strength,
    rare_days: finite((interval * 10 ** Math.min(rarity, 12)) / dayMs),
    observed: finite(v.value),
    expected: finite(v.expected),
    lower: finite(v.lower),
    upper: finite(v.upper),
    terms: Object.fromEntries(terms.map((name, k) => [name, finite(v.terms[k]!) ?? 0])),
    confidence: v.confidence,
  };
}
