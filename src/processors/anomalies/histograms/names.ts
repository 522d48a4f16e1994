import { identityOf } from '../../../core/identity.ts';
import type { ProcessorContext } from '../../../engine/processor.ts';

const bucketSuffix = '_bucket';

export const isBucketName = (name: string): boolean => name.endsWith(bucketSuffix);

/** The same for the buckets of a classic histogram and for the native one of its name. */
export function keyOf(
  { series }: ProcessorContext<unknown>,
  slot: number,
  isBucket: boolean,
): string {
  const own = series.label(slot, '__name__');
  const labels = series
    .labels(slot)
    .filter(([name]) => name !== '__name__' && !(isBucket && name === 'le'));
  const name = isBucket ? baseNameOf(own) : own;
  return identityOf([String(series.cluster(slot)), name, ...labels.flat()]);
}

export const baseNameOf = (name: string): string =>
  name.endsWith(bucketSuffix) ? name.slice(0, -bucketSuffix.length) : name;

/** The upper bound that `le` spells (`1`, `1.0`, `5e-3`, `+Inf`); NaN when it is none. */
export function boundOf(le: string): number {
  if (/^\+?inf(inity)?$/i.test(le)) return Number.POSITIVE_INFINITY;
  const bound = le.trim() === '' ? Number.NaN : Number(le);
  return Number.isFinite(bound) ? bound : Number.NaN;
}
