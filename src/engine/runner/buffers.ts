import type { Worker } from 'node:worker_threads';

/**
 * How often they are looked at, ms: memory is filled at a few GiB per second. A look takes 0.05 ms.
 */
const everyMs = 50;

/**
 * Calls `over` once typed arrays and other buffers of a thread, which no heap limit counts, take
 * more than `maxMiB`; until then each look asks `isWatched`. Returns how to stop.
 */
export function watchBuffers(
  worker: Worker,
  maxMiB: number,
  over: (what: string) => void,
  isWatched: () => boolean = () => true,
): () => void {
  if (!Number.isFinite(maxMiB)) return () => {};
  const look = (): void => {
    if (!isWatched()) return;
    // Answered even within an endless loop; refused before the thread has begun and after its end.
    worker.getHeapStatistics().then(
      ({ external_memory: bytes }) => {
        if (bytes <= maxMiB * 1024 * 1024 || !isWatched()) return;
        clearInterval(timer);
        over(`its typed arrays reached the memory limit of ${maxMiB} MiB`);
      },
      () => {},
    );
  };
  const timer = setInterval(look, everyMs);
  return () => clearInterval(timer);
}
