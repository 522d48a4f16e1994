import { join } from 'node:path';

/** What stands where in the data folder. */
export function dataLayout(data: string): {
  readonly log: string;
  readonly snapshots: string;
  readonly view: string;
  readonly sinks: string;
  readonly settings: string;
  /** Positions of watches, a file each. */
  readonly sources: string;
} {
  return {
    log: join(data, 'log'),
    snapshots: join(data, 'snapshots'),
    view: join(data, 'view.sqlite'),
    sinks: join(data, 'sinks'),
    settings: join(data, 'settings.json'),
    sources: join(data, 'sources'),
  };
}

/** Where snapshots, bundles and skips of a program stand. */
export function snapshotsOf(process: {
  readonly data: string;
  readonly snapshots: { readonly folder?: string | undefined };
}): string {
  return process.snapshots.folder ?? dataLayout(process.data).snapshots;
}
