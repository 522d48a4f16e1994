import { z } from 'zod';
import { identityOf } from '../../core/identity.ts';
import { tickMs } from '../../core/time.ts';
import {
  type Block,
  defineProcessor,
  type ProcessorContext,
  type ProcessorDefinition,
  type Selection,
} from '../../engine/processor.ts';
import { selector } from '../../engine/selector-schema.ts';
import { kindOfSeries } from '../kind.ts';
import { type Like, Likes, medianOf, spreadOf } from './like.ts';
import type { PeersData } from './schema.ts';
import { Tracked } from './tracked.ts';

const windowMs = 300_000;

const settings = z.object({
  select: z
    .array(selector)
    .max(64)
    .default([])
    .describe('Selectors of the series whose groups are summed up on topic `peers`.'),
  min_series: z
    .int()
    .min(1)
    .default(3)
    .describe('Series that a group has at least; smaller ones are left out.'),
  max_groups: z
    .int()
    .positive()
    .default(1000)
    .describe('Groups of one cluster at most, every five minutes; the rest is dropped, counted.'),
});
type Settings = z.infer<typeof settings>;

interface Group {
  readonly like: Like;
  /** What they measure: they have one name, and what one is all are. */
  readonly isRate: boolean;
  readonly values: number[];
}

/**
 * Every five minutes of log time, per cluster: how many series of a group of like ones there are,
 * where their middle is and how far they are apart. What compares clusters reads this topic.
 */
export const peers: ProcessorDefinition<Settings> = defineProcessor({
  name: 'peers',
  version: 1,
  outputs: ['peers'],
  settings,
  create(context) {
    const tracked = context.keep('tracked', new Tracked());
    const likes = new Likes();
    let selections: readonly Selection[] = [];

    const select = () => {
      for (const selection of selections) selection.release();
      selections = context.settings.select.map((each) => context.select(each));
    };
    const isWanted = (slot: number) => selections.some((selection) => selection.has(slot));
    select();

    return {
      samples(block: Block) {
        if (selections.length === 0) return;
        for (let i = 0; i < block.length; i++) {
          const slot = block.slots[i]!;
          if (!tracked.has(slot) || !Number.isFinite(block.values[i]!)) continue;
          tracked.sample(slot, block.times[i]!, block.values[i]!);
        }
      },
      born(slot) {
        if (isWanted(slot)) tracked.add(slot);
      },
      forgotten(slot) {
        tracked.remove(slot);
        likes.forget(slot);
      },
      settings() {
        select();
        for (let slot = 0; slot < context.series.count; slot++) {
          const wanted = isWanted(slot);
          if (wanted) tracked.add(slot);
          else tracked.remove(slot);
        }
      },
      tick(tick) {
        const window = Math.floor(((tick + 1) * tickMs) / windowMs);
        if (window <= tracked.told) return;
        const isFirst = tracked.told === 0;
        tracked.told = window;
        if (selections.length > 0 && !isFirst) tellAll(context, tracked, likes, window);
      },
    };
  },
});

/** `window` is the number of the five minutes that begin now. */
function tellAll(
  context: ProcessorContext<Settings>,
  tracked: Tracked,
  likes: Likes,
  window: number,
): void {
  const { max_groups: most, min_series: least } = context.settings;
  for (const [cluster, groups] of groupsOf(context, tracked, likes, (window - 1) * windowMs)) {
    let count = 0;
    for (const group of groups.values()) {
      if (group.values.length < least) continue;
      count++;
      if (count <= most) tell(context, cluster, group, window);
    }
    if (count > most) context.count('groups_over_limit', count - most);
  }
}

/** Groups by cohort, by cluster, of the series with a value newer than `from` (ms). */
function groupsOf(
  { series }: ProcessorContext<Settings>,
  tracked: Tracked,
  likes: Likes,
  from: number,
): ReadonlyMap<number, ReadonlyMap<string, Group>> {
  const clusters = new Map<number, Map<string, Group>>();
  for (let slot = 0; slot < series.count; slot++) {
    if (!tracked.isNewer(slot, from)) continue;
    const cluster = series.cluster(slot);
    const groups = clusters.get(cluster) ?? new Map<string, Group>();
    clusters.set(cluster, groups);
    const like = likes.of(slot, () => series.labels(slot));
    let group = groups.get(like.cohort);
    if (!group) {
      group = { like, isRate: kindOfSeries(series, slot).endsWith('counter'), values: [] };
      groups.set(like.cohort, group);
    }
    const value = tracked.value(slot, group.isRate);
    if (Number.isFinite(value)) group.values.push(value);
  }
  return clusters;
}

function tell(
  context: ProcessorContext<Settings>,
  cluster: number,
  { like, isRate, values: all }: Group,
  window: number,
): void {
  const { cohort, workload } = like;
  const { __name__: metric = '', ...labels } = like.labels;
  const [tenant, name] = [context.clusters.tenant(cluster), context.clusters.name(cluster)];
  const values = Float64Array.from(all);
  const median = medianOf(values);
  const data: PeersData = {
    from: new Date((window - 1) * windowMs).toISOString(),
    to: new Date(window * windowMs).toISOString(),
    metric,
    tenant,
    cluster: name,
    cohort,
    workload,
    labels,
    unit: isRate ? 'rate' : 'value',
    count: values.length,
    median,
    spread: spreadOf(values, median),
  };
  const subject = identityOf([tenant, name, cohort]);
  context.emit({
    topic: 'peers',
    type: 'seastate.peers',
    cluster,
    subject,
    revision: window,
    data,
  });
  context.count('told');
}
