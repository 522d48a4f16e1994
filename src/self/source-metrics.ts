import type { SourceCounters } from '../sources/counters.ts';
import type { SourceStatus } from '../sources/supervised.ts';
import { counter, type Family, gauge, type Tell } from './registry.ts';

export interface SourceNumbers {
  /** What the process fetches by itself. */
  readonly sources: { status(): readonly SourceStatus[] };
  /** Kubernetes events over HTTP. */
  readonly events: { readonly counters: SourceCounters };
}

/** Kubernetes events over HTTP are counted as a source too. */
const countersOf = ({ sources, events }: SourceNumbers): [source: string, SourceCounters][] => [
  ['http/events', events.counters],
  ...sources.status().map(({ source, counters }): [string, SourceCounters] => [source, counters]),
];

const eachSource =
  (read: (counters: SourceCounters) => number) =>
  (all: SourceNumbers, tell: Tell): void => {
    for (const [source, counters] of countersOf(all)) tell(read(counters), { source });
  };

const rejections = (all: SourceNumbers, tell: Tell): void => {
  for (const [source, { rejected }] of countersOf(all)) {
    for (const [reason, count] of rejected) tell(count, { source, reason });
  }
};

const sourceLag = ({ sources }: SourceNumbers, tell: Tell): void => {
  for (const { source, lag } of sources.status()) if (lag !== null) tell(lag, { source });
};

/** Of what the process fetches by itself, and of Kubernetes events over HTTP. */
export const sourceFamilies: readonly Family<SourceNumbers>[] = [
  gauge('source_reading', '1 while a source is read; 0: it waits.', ({ sources }, tell) => {
    for (const { source, state } of sources.status()) tell(state === 'reading' ? 1 : 0, { source });
  }),
  gauge('source_lag_records', 'Records of a source that are not read yet.', sourceLag),
  counter(
    'source_records',
    'Records of a source that were read.',
    eachSource((c) => c.records),
  ),
  counter(
    'source_samples',
    'Samples of a source that are durable.',
    eachSource((c) => c.samples),
  ),
  counter(
    'source_events',
    'Kubernetes events of a source that are durable.',
    eachSource((c) => c.events),
  ),
  counter(
    'source_other_records',
    'Records of a source that hold nothing of ours, such as platform logs.',
    eachSource((c) => c.others),
  ),
  counter('source_rejected', 'What could not be used of a source, by reason.', rejections),
  counter(
    'source_requests',
    'Requests that a source gave to the gateway.',
    eachSource((c) => c.requests),
  ),
  counter(
    'source_retries',
    'How often the gateway took nothing from a source.',
    eachSource((c) => c.retries),
  ),
  counter(
    'source_restarts',
    'How often a source was opened again.',
    eachSource((c) => c.restarts),
  ),
  counter(
    'source_lost_records',
    'Records that retention took before a source had read them.',
    eachSource((c) => c.lost),
  ),
  counter(
    'source_lists',
    'Lists of a Kubernetes watch: at the start, and after each gap.',
    eachSource((c) => c.lists),
  ),
];
