import { type CliContext, say } from '../context.ts';
import type { ConfigFlags } from '../flags.ts';
import { loadConfig } from '../load-config.ts';
import { type OutputFormat, type Row, rowWriter } from '../output/rows.ts';
import { withView } from '../view.ts';

export interface ListFlags extends ConfigFlags {
  readonly from?: number;
  readonly to?: number;
  readonly cluster?: readonly string[];
  readonly fact?: readonly string[];
  readonly open: boolean;
  readonly limit: number;
  readonly output?: OutputFormat;
}

const dayMs = 86_400_000;
const columns = ['start', 'end', 'cluster', 'fact', 'object', 'severity', 'title', 'id'];

/** An event as the view gives it. */
interface ListedEvent extends Row {
  readonly subject: string;
  readonly cluster: string;
  readonly cluster_title: string;
  readonly fact: string;
  readonly state: string;
  readonly start: number;
  readonly end: number | null;
}

export async function eventsList(this: CliContext, flags: ListFlags): Promise<void> {
  const { config } = await loadConfig(this, flags);
  const { open, fact: facts = [], cluster: clusters = [], limit } = flags;
  // What is open now began whenever it did.
  const fromMs = flags.from ?? (open ? undefined : this.now() - dayMs);
  const found = await withView(config, this, (view) => {
    const states = open ? ['open'] : ['open', 'closed'];
    const all = view.intervals('events', {
      states,
      fromMs,
      toMs: flags.to,
      limit: Number.POSITIVE_INFINITY,
    }) as ListedEvent[];
    return all.filter(
      (event) =>
        (facts.length === 0 || facts.includes(event.fact)) &&
        (clusters.length === 0 ||
          clusters.includes(event.cluster) ||
          clusters.includes(event.cluster_title)),
    );
  });
  const format = flags.output ?? 'table';
  const rows = rowWriter(this, format, columns);
  for (const event of found.slice(0, limit)) {
    await rows.write(format === 'json' || format === 'jsonl' ? event : shown(event));
  }
  await rows.end();
  if (found.length > limit) say(this, `there are more than ${limit} events: --limit raises it`);
}

function shown(event: ListedEvent): Row {
  const { start, end, cluster, cluster_title: title } = event;
  return {
    ...event,
    start: new Date(start).toISOString(),
    end: end === null ? '' : new Date(end).toISOString(),
    cluster: title || cluster,
    id: event.subject,
  };
}
