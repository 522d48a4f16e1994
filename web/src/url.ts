import { useEffect, useState } from 'preact/hooks';

/** The whole state of the page stands in the URL, so that a link shows what its sender saw. */
export interface View {
  readonly q: string;
  readonly cluster: string;
  readonly zone: 'utc' | 'local';
}

function read(): View {
  const params = new URLSearchParams(location.search);
  return {
    q: params.get('q') ?? '',
    cluster: params.get('cluster') ?? '',
    zone: params.get('zone') === 'local' ? 'local' : 'utc',
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
    const search = params.toString();
    history.replaceState(null, '', search ? `?${search}` : location.pathname);
    setView(next);
  };
  return [view, change];
}
