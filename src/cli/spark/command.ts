import { buildCommand, buildRouteMap } from '@stricli/core';
import { parseDuration } from '../../core/time.ts';
import type { CliContext } from '../context.ts';
import { configAliases, configFlags, countParser } from '../flags.ts';
import type { PlaceFlags, SubmitFlags } from './verbs.ts';

const text = (brief: string, placeholder: string) =>
  ({ kind: 'parsed', parse: String, brief, placeholder }) as const;
const count = (brief: string, value: string) =>
  ({ kind: 'parsed', parse: countParser, brief, placeholder: 'n', default: value }) as const;

const placeFlags = {
  ...configFlags,
  cores: count('Task slots of an executor; as many runners', '2'),
  checkpoint: {
    ...text('Folder or URL of checkpoints; in the data folder by default', 'place'),
    optional: true,
  },
  availableNow: {
    kind: 'boolean',
    default: false,
    brief: 'Process what is there, then end: batch and backfill',
  },
  trigger: {
    kind: 'parsed',
    parse: parseDuration,
    brief: 'Time between micro-batches; 0s: the next one at once',
    placeholder: 'duration',
    default: '0s',
  },
  metricsPort: {
    kind: 'parsed',
    parse: countParser,
    brief: "Port of the driver's Prometheus metrics; none by default",
    placeholder: 'n',
    optional: true,
  },
  metricsHost: {
    ...text('Address of these metrics: 0.0.0.0 for a scrape from another machine', 'address'),
    default: '127.0.0.1',
  },
  from: { ...text('Begin a fresh checkpoint at this log time', 'time'), optional: true },
  to: { ...text('End at this log time', 'time'), optional: true },
} as const;

const runCommand = buildCommand<PlaceFlags, [], CliContext>({
  loader: async () => (await import('./verbs.ts')).sparkRun,
  parameters: { flags: placeFlags, aliases: configAliases },
  docs: {
    brief: 'Run the stages on Spark on this machine',
    fullDescription:
      'Runs the stages in one JVM over the Kafka log of the configuration (process.log). Needs Java 17 ' +
      'and the jars of the set-up. Ends with 1 when any query ends.',
    customUsage: [
      { input: '-c seastate.yaml', brief: 'beside a gateway that runs with `runtime: spark`' },
      { input: '-c seastate.yaml --available-now --from -7d', brief: 'a backfill' },
    ],
  },
});

const submitCommand = buildCommand<SubmitFlags, [], CliContext>({
  loader: async () => (await import('./verbs.ts')).sparkSubmit,
  parameters: {
    flags: {
      ...placeFlags,
      master: text('k8s://..., yarn or spark://...', 'url'),
      executors: count('Executors', '2'),
      memoryMib: count('Heap of an executor, MiB', '1024'),
      jar: text("Path or URL of the bridge's jar", 'jar'),
      runner: text('The runner program: a path in the image, or a file to ship', 'path'),
      kafkaFile: {
        ...text(
          'JSON file on the driver with options of the Kafka client: a mounted secret',
          'path',
        ),
        optional: true,
      },
    },
    aliases: configAliases,
  },
  docs: {
    brief: 'Print the spark-submit line for a cluster',
    fullDescription:
      'Checks or creates the topics and prints the whole line, with the memory of runners and executors.',
  },
});

export const sparkCommands = buildRouteMap({
  routes: { run: runCommand, submit: submitCommand },
  docs: { brief: 'The same stages on Spark' },
});
