import { z } from 'zod';
import type { JsonSchema } from '../../src/config/schema.ts';
import { statusSchema } from '../../src/engine/status-schema.ts';
import { feedbackValue } from '../../src/log/feedback.ts';
import { rejectedData } from '../../src/log/rejected.ts';
import { outputTopics, telemetryKinds } from '../../src/log/topics.ts';
import { alertData } from '../../src/processors/alerts/schema.ts';
import { anomalyData } from '../../src/processors/anomalies/schema.ts';
import { scoreNames } from '../../src/processors/anomalies/scores.ts';
import { intervalJsonSchema } from '../../src/processors/events/interval.ts';
import { peersData } from '../../src/processors/peers/schema.ts';
import { code, fieldRows, generated, table } from './markdown.ts';

const what: Readonly<Record<(typeof outputTopics)[number], string>> = {
  alerts: 'The start or the end of a firing alert.',
  anomalies: 'An interval in which a series was improbable: opened, updated, closed.',
  events: 'An interval in which a cluster did something, with its evidence.',
  peers: 'How like series of one cluster stand, every five minutes, where settings ask for it.',
  incidents: 'A revision of an incident: members, candidates for the cause, reasons.',
  scores:
    'Remote write 2.0, not JSON: scores and bands of the series that `settings.anomalies.scores` asks for.',
  status: 'What a partition has done so far: counters by reason, senders.',
  rejected: 'What could not be used, as it came, with source, offset, reason and error.',
};

const kinds: Readonly<Record<(typeof telemetryKinds)[number], string>> = {
  samples:
    'A remote write 2.0 request, compressed as the header `encoding` says (`snappy` or `zstd`).',
  metadata: 'JSON: metric families of one cluster that are new, changed, or repeated.',
  'kubernetes-event': 'A Kubernetes event, as the source gave it.',
  settings: 'JSON: the settings in force from here on, with version and digest.',
  feedback: 'JSON, below: what somebody says about an anomaly.',
  profile: 'How the peers of a series behave.',
  checkpoint: 'Every reader makes a snapshot here.',
  release: 'A merged stage goes on without a dead input.',
  heartbeat: 'Time goes on: partition count and version of the placement rule.',
};

const scoreMeaning: Readonly<Record<(typeof scoreNames)[number], string>> = {
  seastate_anomaly_score:
    'Multiple of the cut: 1 asks for an alarm, which persistence and budget may withhold.',
  seastate_expected:
    'What the model expected; of a counter its rate per second. Left out where it has none.',
  seastate_lower: 'Lower end of the band around it.',
  seastate_upper: 'Upper end.',
};

/** A heading, what it is, and its fields. */
function section(name: string, schema: object): string {
  const { description = '' } = schema as JsonSchema;
  const rows = fieldRows(schema as JsonSchema);
  return `### ${name}\n\n${description}\n\n${table(['field', 'value', 'what it is'], rows)}\n`;
}

const schemas: readonly (readonly [topic: string, schema: object])[] = [
  ['alerts', z.toJSONSchema(alertData)],
  ['anomalies', z.toJSONSchema(anomalyData)],
  ['events', intervalJsonSchema()],
  ['peers', z.toJSONSchema(peersData)],
  ['status', z.toJSONSchema(statusSchema)],
  ['rejected', z.toJSONSchema(rejectedData)],
];

/** JSON Schema of the `data` of each output topic, under its name in `$defs`. */
export function topicsSchema(): string {
  const $defs = Object.fromEntries(
    schemas.map(([topic, { $schema: _, ...schema }]: readonly [string, { $schema?: string }]) => [
      topic,
      schema,
    ]),
  );
  const $schema = 'https://json-schema.org/draft/2020-12/schema';
  return `${JSON.stringify({ $schema, title: 'Data of the output topics', $defs }, null, 2)}\n`;
}

export function topicsPage(): string {
  const data = schemas.map(([topic, schema]) => section(topic, schema)).join('\n');
  return `${generated}
# Topics

## telemetry

The one input, partitioned by tenant and cluster. Headers: \`kind\`, \`tenant\`, \`cluster\`, \`encoding\`.

${table(
  ['kind', 'value'],
  telemetryKinds.map((kind) => [code(kind), kinds[kind]]),
)}
${section('feedback', z.toJSONSchema(feedbackValue))}
## Outputs

JSON (but \`scores\`), as CloudEvents 1.0 in structured mode: \`subject\` is the identity of the interval, \`id\` is
subject and revision. Headers: \`from\` (stage/partition/epoch), \`number\` (from 0, without gaps per
\`from\` and partition), \`tick\`, \`tenant\`, \`cluster\`. A reader takes the next number and drops
every other one, so repeats after a restart leave no trace. What a source writes to \`rejected\` has
neither: there a repeat has the same \`subject\`.

${table(
  ['topic', 'what a record is'],
  outputTopics.map((topic) => [code(topic), what[topic]]),
)}
## Data of the outputs

As JSON Schema, by topic under \`$defs\`: [topics.schema.json](topics.schema.json).

${data}
### scores

A remote write 2.0 request, compressed with snappy, with headers \`kind\` (\`samples\`) and \`encoding\` as
in \`telemetry\`; placed by tenant and cluster. Its series have the labels of the series that was scored,
\`tenant\`, \`cluster\` where the series has none, and as \`metric\` the name of the series; labels in the way become
\`exported_...\`. They end by stale markers, with the series or when the settings ask for them no more.

${table(
  ['series', 'value'],
  scoreNames.map((name) => [code(name), scoreMeaning[name]]),
)}`;
}
