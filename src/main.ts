import type { Config } from './config/schema.ts';
import { SeastateError } from './core/errors.ts';
import type { Logger } from './self/logger.ts';

/** What `start` is given beside the configuration. */
export interface StartParts {
  readonly log: Logger;
  /** Reads the configuration anew; rejects when it is not good, and the last good one stays. */
  readonly reload: () => Promise<Config>;
}

/** The program while it runs. */
export interface Running {
  /** Where the server listens, such as `http://127.0.0.1:9797`. */
  readonly url: string;
  /** Resolves when it has stopped, rejects when it broke. */
  readonly ended: Promise<void>;
  /** What SIGHUP and `/-/reload` do. */
  reload(): Promise<void>;
  /** Stops taking requests, drains, snapshots; at most `process.shutdown_timeout` long. */
  stop(): Promise<void>;
}

/** Starts all parts in order. */
export async function start(_config: Config, _parts: StartParts): Promise<Running> {
  throw new SeastateError('internal', 'main.ts is not put together yet');
}
