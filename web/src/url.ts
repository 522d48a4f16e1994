import { useEffect, useState } from 'preact/hooks';
import type { Zone } from './format.ts';

/** The whole state of the page stands in the URL, so that a link shows what its sender saw. */
export interface View {
  readonly q: string;
  readonly cluster: string;
  readonly zone: Zone;
  /** Key of the row whose details are shown. */
  readonly open: string;
}

function read(): View {
  const params = new URLSearchParams(location.search);
  return {
    q: params.get('q') ?? '',
    cluster: params.get('cluster') ?? '',
    zone: params.get('zone') === 'local' ? 'local' : 'utc',
    open: params.get('open') ?? '',
  };
}

export function useView(): [View, (change: Partial<View>) => void] {
  const [view, setView] = useState(read);
  useEffect(() => {
    const onBack = (): void => setView(read());
    addEventListener('popstate', onBack);
    return () => removeEventListener('popstate', onBack);
  }, []);
  const change = (part: Partial<View>): void => {
    const next = { ...view, ...part };
    const params = new URLSearchParams();
    if (next.q) params.set('q', next.q);
    if (next.cluster) params.set('cluster', next.cluster);
    if (next.zone === 'local') params.set('zone', 'local');
    if (next.open) params.set('open', next.open);
    const search = params.toString();
    history.replaceState(null, '', search ? `?${search}` : location.pathname);
    setView(next);
  };
  return [view, change];
}
