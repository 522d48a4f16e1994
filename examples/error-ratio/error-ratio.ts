import { defineProcessor, selector } from 'seastate';
import { z } from 'zod';

interface Sum {
  cluster: number;
  all: number;
  failed: number;
}

/** Its section in `settings:` of the configuration; all of it has defaults. */
const settings = z.object({
  requests: selector.default('apiserver_request_total'),
  failed: selector.default('apiserver_request_total{code=~"5.."}'),
  every_minutes: z.int().min(1).max(60).default(1),
});
const ticksPerMinute = 12;

/**
 * Share of requests that failed, per cluster and minute: a ratio of two sums of counters with any
 * number of series. Its outputs are on topic `x-error-ratio`.
 */
export const errorRatio = defineProcessor({
  name: 'error-ratio',
  version: 1,
  outputs: ['x-error-ratio'],
  settings,
  create(context) {
    let all = context.select(context.settings.requests);
    let failed = context.select(context.settings.failed);
    const last = context.columns('last', { value: { type: 'f64', initial: -1 } });
    const sums = context.table<Sum>('sums', ({ cluster }) => String(cluster));

    return {
      settings() {
        for (const selection of [all, failed]) selection.release();
        all = context.select(context.settings.requests);
        failed = context.select(context.settings.failed);
      },
      samples(block) {
        const values = last.arrays.value;
        const key = String(block.cluster);
        for (let i = 0; i < block.length; i++) {
          const slot = block.slots[i]!;
          if (block.stale[i] === 1 || !all.has(slot)) continue;
          const before = values[slot]!;
          const value = block.values[i]!;
          values[slot] = value;
          // The first sample has nothing before it; a counter that fell began anew.
          if (before < 0 || value < before) continue;
          const sum = sums.get(key) ?? sums.set(key, { cluster: block.cluster, all: 0, failed: 0 });
          sum.all += value - before;
          if (failed.has(slot)) sum.failed += value - before;
        }
      },
      tick(tick) {
        const every = context.settings.every_minutes * ticksPerMinute;
        if (tick % every !== every - 1) return;
        for (const sum of sums.values()) {
          if (sum.all === 0) continue;
          context.emit({
            topic: 'x-error-ratio',
            type: 'example.error-ratio',
            cluster: sum.cluster,
            subject: `${context.clusters.name(sum.cluster)}/${tick}`,
            revision: 0,
            data: { requests: sum.all, failed: sum.failed, ratio: sum.failed / sum.all },
          });
          sum.all = 0;
          sum.failed = 0;
        }
      },
    };
  },
});
