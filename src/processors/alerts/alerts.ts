import { z } from 'zod';
import { identityOf } from '../../core/identity.ts';
import {
  type Block,
  defineProcessor,
  type ProcessorContext,
  type ProcessorDefinition,
} from '../../engine/processor.ts';
import { sameKey } from '../../engine/tables.ts';
import type { AlertData } from './schema.ts';

const settings = z.object({
  /** Also tell pending alerts. */
  pending: z.boolean().default(false),
});
type Settings = z.infer<typeof settings>;

interface OpenAlert {
  cluster: number;
  subject: string;
  /** ms */
  start: number;
  value: number;
}

/**
 * Which alerts fire: `ALERTS` series, as Prometheus writes them for its rules, become one output
 * per start and end. An alert starts with the first sample of its series and ends with the stale
 * marker or, without one, when the sender's clock has left it behind (the engine's rule).
 */
export const alerts: ProcessorDefinition<Settings> = defineProcessor({
  name: 'alerts',
  version: 1,
  outputs: ['alerts'],
  settings,
  create(context) {
    const open = context.table<OpenAlert>('open', sameKey);
    const slots = context.columns('slots', { open: 'u8' });
    const firing = context.select('{__name__="ALERTS",alertstate="firing"}', {
      mayBeEmpty: true,
    });
    const pending = context.select('{__name__="ALERTS",alertstate="pending"}', {
      mayBeEmpty: true,
    });

    const wanted = (slot: number): boolean =>
      firing.has(slot) || (context.settings.pending && pending.has(slot));

    const start = (slot: number, time: number, value: number): void => {
      slots.arrays.open[slot] = 1;
      const key = alertKey(context, slot);
      const subject = identityOf([key, String(time)]);
      const row = { cluster: context.series.cluster(slot), subject, start: time, value };
      open.set(key, row);
      tell(context, slot, row, 0, { time, end: null, endedBy: null });
      context.count('started');
    };

    const end = (slot: number, time: number, endedBy: AlertData['ended_by']): void => {
      slots.arrays.open[slot] = 0;
      const key = alertKey(context, slot);
      const row = open.get(key)!;
      open.delete(key);
      tell(context, slot, row, 1, { time, end: time, endedBy });
      context.count('ended');
    };

    return {
      samples(block: Block) {
        const isOpen = slots.arrays.open;
        for (let i = 0; i < block.length; i++) {
          const slot = block.slots[i]!;
          const stale = block.stale[i] === 1;
          if (isOpen[slot] === 1) {
            if (stale) end(slot, block.times[i]!, 'stale_marker');
          } else if (!stale && wanted(slot)) {
            start(slot, block.times[i]!, block.values[i]!);
          }
        }
      },
      ended(slot, time) {
        if (slots.arrays.open[slot] === 1) end(slot, time, 'sender_clock');
      },
      switchedOff() {
        const { series } = context;
        for (let slot = 0; slot < series.count; slot++) {
          if (slots.arrays.open[slot] === 1) end(slot, series.lastTime(slot), 'switched_off');
        }
      },
    };
  },
});

function alertKey(context: ProcessorContext<Settings>, slot: number): string {
  const { clusters, series } = context;
  const cluster = series.cluster(slot);
  const owner = [clusters.tenant(cluster), clusters.name(cluster)];
  return identityOf([...owner, ...series.labels(slot).flat()]);
}

function tell(
  context: ProcessorContext<Settings>,
  slot: number,
  row: OpenAlert,
  revision: number,
  moment: { time: number; end: number | null; endedBy: AlertData['ended_by'] },
): void {
  const labels = Object.fromEntries(
    context.series.labels(slot).filter(([name]) => name !== '__name__' && name !== 'alertstate'),
  );
  const data: AlertData = {
    state: moment.end === null ? 'firing' : 'resolved',
    alertname: labels['alertname'] ?? '',
    alertstate: context.series.label(slot, 'alertstate') === 'pending' ? 'pending' : 'firing',
    severity: labels['severity'] ?? '',
    tenant: context.clusters.tenant(row.cluster),
    cluster: context.clusters.name(row.cluster),
    cluster_title: context.clusters.title(row.cluster),
    labels,
    value: row.value,
    start: new Date(row.start).toISOString(),
    end: moment.end === null ? null : new Date(moment.end).toISOString(),
    ended_by: moment.endedBy,
    lag_ms: context.logTime - moment.time,
  };
  const { cluster, subject } = row;
  context.emit({ topic: 'alerts', type: 'seastate.alert', cluster, subject, revision, data });
}
