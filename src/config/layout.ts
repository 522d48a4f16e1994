import { join } from 'node:path';

/** What stands where in the data folder. */
export function dataLayout(data: string): {
  readonly log: string;
  readonly snapshots: string;
  readonly view: string;
  readonly settings: string;
} {
  return {
    log: join(data, 'log'),
    snapshots: join(data, 'snapshots'),
    view: join(data, 'view.sqlite'),
    settings: join(data, 'settings.json'),
  };
}
