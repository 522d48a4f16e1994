import { z } from 'zod';
import { processDefaults as defaults } from './defaults.ts';
import { kafkaConnection } from './kafka.ts';
import { key } from './key.ts';
import { duration, readableFile } from './quantities.ts';

/** What the records of a foreign topic hold. */
export const topicFormats = [
  'vector-text',
  'vector-json',
  'prometheus-kafka-adapter-json',
  'remote-write-1',
  'remote-write-2',
  'kubernetes-events',
] as const;
export type TopicFormat = (typeof topicFormats)[number];

const count = (value: number) => z.int().positive().default(value);
const name = z
  .string()
  .regex(/^[\w.-]+$/, 'use letters, digits, dot, dash and underscore')
  .optional();
const tenant = key(z.string().min(1).default('default'), 'Tenant of what it brings.');

const kafkaSource = z.strictObject({
  name: key(name, 'How it is called in metrics and in `rejected`; without it as its topic.'),
  ...kafkaConnection,
  topic: key(z.string().min(1), 'The topic at the brokers.'),
  format: key(z.enum(topicFormats), 'What its records hold.'),
  tenant,
  cluster: key(
    z.string().min(1).optional(),
    'Cluster of records that name none. Without it series get the name of the source, and Kubernetes events go to `rejected`.',
  ),
  cluster_fields: key(
    z.array(z.string().min(1)).default([]),
    'Members of a record with a Kubernetes event that name its cluster where the event does not, the first present wins, such as `openshift.labels.site`.',
  ),
  group: key(
    z.string().min(1).default(defaults.sourceGroup),
    'Consumer group in which the offsets are kept; nobody may join it.',
  ),
  start: key(
    z.enum(['earliest', 'latest']).default('latest'),
    'Where to begin while the group has no offsets.',
  ),
  hold: key(
    duration().prefault(defaults.sourceHold),
    'How long a record waits for those of slower partitions: they are merged by their time.',
  ),
  batch_records: key(
    count(defaults.sourceBatchRecords),
    'Records taken at once, and samples of one request to the gateway.',
  ),
  commit_interval: key(
    duration().prefault(defaults.sourceCommitInterval),
    'How often the offsets of what is durable are committed.',
  ),
});

const kubernetesSource = z.strictObject({
  name: key(name, 'How it is called in metrics; without it as its cluster.'),
  cluster: key(z.string().min(1), 'Name or id of the cluster, as its metrics have it.'),
  tenant,
  kubeconfig: key(
    readableFile().optional(),
    'Without it the service account of the pod that we run in.',
  ),
  context: key(z.string().min(1).optional(), 'Context in it; without it the current one.'),
  namespaces: key(
    z.array(z.string().min(1)).default([]),
    'Only events of these namespaces; none: all, which needs a ClusterRole.',
  ),
  page_size: key(count(defaults.watchPageSize), 'Events of one page of a list.'),
  watch_timeout: key(
    duration().prefault(defaults.watchTimeout),
    'A watch is asked for anew after this time.',
  ),
});

/** The `process.sources:` section: what this process fetches by itself. */
export const sourcesSchema = z
  .strictObject({
    kafka: key(z.array(kafkaSource).default([]), 'Topics of others.'),
    kubernetes: key(
      z.array(kubernetesSource).default([]),
      'API servers whose Kubernetes events are watched.',
    ),
    retry_max: key(
      duration().prefault(defaults.sourceRetryMax),
      'The longest pause before a source that failed is opened again.',
    ),
  })
  .superRefine(({ kafka, kubernetes }, context) => {
    unique(
      kafka.map((one) => one.name ?? one.topic),
      'kafka',
      context,
    );
    unique(
      kubernetes.map((one) => one.name ?? one.cluster),
      'kubernetes',
      context,
    );
  });

function unique(names: readonly string[], kind: string, context: z.RefinementCtx): void {
  for (const [index, own] of names.entries()) {
    if (names.indexOf(own) === index) continue;
    const message = `two ${kind} sources are called "${own}": give one another name`;
    context.addIssue({ code: 'custom', message, path: [kind, index] });
  }
}
