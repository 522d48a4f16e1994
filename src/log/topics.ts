import type { TopicSpec } from './log.ts';

/** Kinds of a `telemetry` record (header `kind`). */
export const telemetryKinds = [
  'samples',
  'metadata',
  'kubernetes-event',
  'settings',
  'feedback',
  'profile',
  'checkpoint',
  'release',
  'heartbeat',
] as const;
export type TelemetryKind = (typeof telemetryKinds)[number];

/** The topics of DESIGN 1. `input` ones live in the input journal, the others in the output one. */
export const telemetryTopic = 'telemetry';
export const rejectedTopic = 'rejected';
export const outputTopics = [
  'alerts',
  'anomalies',
  'events',
  'peers',
  'incidents',
  'scores',
  'status',
  rejectedTopic,
] as const;

/** Topics whose readers merge several upstream partitions, so a tick's end is told in them. */
export const mergedTopics: ReadonlySet<string> = new Set([
  'alerts',
  'anomalies',
  'events',
  'peers',
]);

/** `telemetry` with `partitions`, and every output topic with one. */
export function defaultTopics(partitions: number): TopicSpec[] {
  return [
    { name: telemetryTopic, partitions },
    ...outputTopics.map((name) => ({ name, partitions: 1 })),
  ];
}
