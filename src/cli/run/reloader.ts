import { configChanges } from '../../config/reload.ts';
import type { Logger } from '../../self/logger.ts';
import type { LoadedProgram } from '../load-config.ts';

/**
 * Reads the configuration anew, puts it in force and tells what changed since the last one that
 * was: what `reread` or the putting throws leaves that one.
 */
export function reloader(
  loaded: LoadedProgram,
  log: Pick<Logger, 'info' | 'warn' | 'setLevel'>,
  reread: () => Promise<LoadedProgram>,
): (putInForce: (next: LoadedProgram) => Promise<void>) => Promise<void> {
  let inForce = loaded.config;
  return async (putInForce) => {
    const next = await reread();
    await putInForce(next);
    const { config, sections } = next;
    const { live, restart } = configChanges(inForce, config, sections);
    if (restart.length > 0) log.warn({ keys: restart }, 'these keys need a restart');
    log.setLevel(config.process.logging.level);
    log.info({ keys: live }, 'configuration read again');
    inForce = config;
  };
}
