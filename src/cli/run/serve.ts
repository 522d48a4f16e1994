import type { Running } from '../../main.ts';
import type { Logger } from '../../self/logger.ts';
import type { CliContext } from '../context.ts';
import type { LoadedProgram } from '../load-config.ts';
import { reloader } from './reloader.ts';

/**
 * Runs the program until it is asked to end or ends by itself, and then rejects. `reread` gives
 * the configuration anew for SIGHUP and `/-/reload`; what it throws leaves the last one in force.
 */
export async function serve(
  { signal }: Pick<CliContext, 'signal'>,
  loaded: LoadedProgram,
  log: Logger,
  reread: () => Promise<LoadedProgram>,
  onStarted?: (running: Running) => void,
): Promise<void> {
  const { start } = await import('../../main.ts');
  const starting = start(loaded, { log, reload: reloader(loaded, log, reread) });
  const running = await Promise.race([starting, aborted(signal)]);
  if (!running) {
    // Brokers may be long in coming, and nothing was taken yet.
    starting.catch(() => {});
    log.info({ signal: String(signal.reason) }, 'stopped before it was up');
    return;
  }
  const onHangup = (): void => {
    running
      .reload()
      .catch((error: unknown) =>
        log.error({ error }, 'reload failed: the last configuration stays'),
      );
  };
  process.on('SIGHUP', onHangup);
  try {
    log.info({ url: running.url, data: loaded.config.process.data }, 'listening');
    onStarted?.(running);
    await Promise.race([running.ended, aborted(signal)]);
    if (signal.aborted) log.info({ signal: String(signal.reason) }, 'stopping');
    await running.stop();
    log.info({}, 'stopped');
  } finally {
    process.off('SIGHUP', onHangup);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
