import { useState } from 'preact/hooks';

/**
 * All that are open and the first few of those that are over, up to `max`; `rest` are left out
 * until somebody asks for them by `unfold`. What is shown open never folds away.
 */
export function useFold<T extends { readonly state: string; readonly subject: string }>(
  items: readonly T[],
  opened: string,
  overMax = 8,
  max = 100,
): { readonly shown: readonly T[]; readonly rest: number; readonly unfold: () => void } {
  const [isUnfolded, setUnfolded] = useState(false);
  const open = items.filter(({ state }) => state === 'open').length;
  const least = items.findIndex(({ subject }) => subject === opened) + 1;
  const most = isUnfolded ? items.length : Math.min(open + overMax, max);
  const shown = items.slice(0, Math.max(most, least));
  return { shown, rest: items.length - shown.length, unfold: () => setUnfolded(true) };
}
