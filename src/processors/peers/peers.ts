import { z } from 'zod';
import { messageOf } from '../../core/errors.ts';
import { identityOf } from '../../core/identity.ts';
import { parseSelector } from '../../core/matchers.ts';
import { tickMs } from '../../core/time.ts';
import {
  type Block,
  defineProcessor,
  type ProcessorContext,
  type ProcessorDefinition,
  type Selection,
} from '../../engine/processor.ts';
import { kindOf } from '../../models/kinds.ts';
import { type Like, Likes, medianOf, spreadOf } from './like.ts';
import type { PeersData } from './schema.ts';
import { Tracked } from './tracked.ts';

const windowMs = 300_000;

const settings = z.object({
  select: z
    .array(
      z.string().superRefine((given, context) => {
        try {
          parseSelector(given);
        } catch (error) {
          context.addIssue({ code: 'custom', message: messageOf(error) });
        }
      }),
    )
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

interface Group extends Like {
  readonly cluster: number;
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
  const to = window * windowMs;
  const told = new Map<number, number>();
  for (const group of groupsOf(context, tracked, likes, to - windowMs)) {
    if (group.values.length < context.settings.min_series) continue;
    const count = (told.get(group.cluster) ?? 0) + 1;
    told.set(group.cluster, count);
    if (count > context.settings.max_groups) context.count('groups_over_limit');
    else tell(context, group, window);
  }
}

function groupsOf(
  context: ProcessorContext<Settings>,
  tracked: Tracked,
  likes: Likes,
  from: number,
): Iterable<Group> {
  const { series } = context;
  const groups = new Map<string, Group>();
  for (let slot = 0; slot < series.count; slot++) {
    if (!tracked.has(slot)) continue;
    const isRate = kindOf(series.label(slot, '__name__'), typeOf(series.type(slot))).endsWith(
      'counter',
    );
    const value = tracked.value(slot, from, isRate);
    if (!Number.isFinite(value)) continue;
    const like = likes.of(slot, () => series.labels(slot));
    const cluster = series.cluster(slot);
    const key = `${cluster} ${like.cohort}`;
    const group = groups.get(key);
    if (group) group.values.push(value);
    else groups.set(key, { ...like, cluster, isRate, values: [value] });
  }
  return groups.values();
}

const counterType = 1;
const typeOf = (type: number): string => (type === counterType ? 'counter' : '');

function tell(context: ProcessorContext<Settings>, group: Group, window: number): void {
  const { cluster, cohort, workload, isRate } = group;
  const { __name__: metric = '', ...labels } = group.labels;
  const [tenant, name] = [context.clusters.tenant(cluster), context.clusters.name(cluster)];
  const values = Float64Array.from(group.values);
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
