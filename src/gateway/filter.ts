import { matchLabels, parseSelector } from '../core/matchers.ts';

type Labels = readonly (readonly [name: string, value: string])[];

/**
 * Keep and drop by selectors: a series is kept when it matches any of `keep` (or there are none)
 * and none of `drop`. Undefined when everything is kept. Throws `usage` on a bad selector.
 */
export function seriesFilter(
  keep: readonly string[],
  drop: readonly string[],
): ((labels: Labels) => boolean) | undefined {
  if (keep.length === 0 && drop.length === 0) return undefined;
  const kept = keep.map(parseSelector);
  const dropped = drop.map(parseSelector);
  return (labels) => {
    const values = new Map(labels);
    const get = (name: string): string | undefined => values.get(name);
    const wanted = kept.length === 0 || kept.some((matchers) => matchLabels(matchers, get));
    return wanted && !dropped.some((matchers) => matchLabels(matchers, get));
  };
}
