import { buildCommand, buildRouteMap } from '@stricli/core';
import type { EventsSettings } from '../../processors/events/settings.ts';
import type { CliContext } from '../context.ts';
import {
  type ConfigFlags,
  configAliases,
  configFlags,
  countParser,
  formatFlag,
  timeFlag,
} from '../flags.ts';
import type { ListFlags } from './list.ts';

interface TestFlags extends ConfigFlags {
  readonly cluster?: string;
  readonly rules?: readonly string[];
  readonly unsure?: boolean;
}

const testCommand = buildCommand<TestFlags, string[], CliContext>({
  async func(flags, ...files) {
    const [{ eventsTest }, { loadProgram }] = await Promise.all([
      import('./test.ts'),
      import('../load-config.ts'),
    ]);
    const { config } = await loadProgram(this, flags);
    const settings = config.settings['events'] as EventsSettings;
    const io = { stdout: this.out, stderr: this.err };
    this.exit.code = await eventsTest({ ...flags, settings, files }, io);
  },
  parameters: {
    aliases: configAliases,
    flags: {
      ...configFlags,
      cluster: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'name',
        brief: 'Cluster of what names none; `test` by default',
      },
      rules: {
        kind: 'parsed',
        parse: String,
        optional: true,
        variadic: true,
        placeholder: 'file',
        brief: 'A family of own rules, beside those of the configuration',
      },
      unsure: {
        kind: 'boolean',
        optional: true,
        withNegated: false,
        brief: 'Also what is told under a guessed name (confidence below 0.5)',
      },
    },
    positional: {
      kind: 'array',
      minimum: 1,
      parameter: {
        placeholder: 'file',
        brief: 'Kubernetes events of any shape, and metrics as JSON lines',
        parse: String,
      },
    },
  },
  docs: {
    brief: 'Show the events that would be found in files',
    fullDescription:
      'Runs the events processor over the files in order of time and prints every interval that ' +
      'it would tell, one JSON object per line. What it could not classify is told on stderr.',
    customUsage: [
      { input: 'kubernetes-events.jsonl', brief: 'what happened?' },
      { input: '--rules own.yaml kubernetes-events.jsonl', brief: 'do my rules match?' },
      { input: '-c seastate.yaml kubernetes-events.jsonl', brief: 'and those of the settings?' },
    ],
  },
});

const listCommand = buildCommand<ListFlags, [], CliContext>({
  loader: async () => (await import('./list.ts')).eventsList,
  parameters: {
    flags: {
      ...configFlags,
      from: timeFlag('Those that lasted at this time or later; -1d by default, with --open any'),
      to: timeFlag('Those that began at this time or before'),
      cluster: {
        kind: 'parsed',
        parse: String,
        optional: true,
        variadic: true,
        placeholder: 'name',
        brief: 'Of this cluster, by name or id; may be given again',
      },
      fact: {
        kind: 'parsed',
        parse: String,
        optional: true,
        variadic: true,
        placeholder: 'name',
        brief: 'Only this fact, such as node_memory_pressure; may be given again',
      },
      open: {
        kind: 'boolean',
        default: false,
        withNegated: false,
        brief: 'Only what is not over',
      },
      limit: {
        kind: 'parsed',
        parse: countParser,
        default: '1000',
        placeholder: 'n',
        brief: 'Events at most, the latest first',
      },
      output: formatFlag,
    },
    aliases: { ...configAliases, o: 'output', n: 'limit' },
  },
  docs: {
    brief: 'List what clusters did',
    fullDescription:
      'Reads what was found in the data folder, beside the running process or without one; with ' +
      'Kafka and no data folder, from the topic. The latest start first; `seastate explain ID` ' +
      'says why.',
    customUsage: [
      { input: '--from -7d --cluster east-1', brief: 'a week of one cluster' },
      { input: '--open', brief: 'what goes on now' },
      { input: '--fact upgrade --from -30d -o json', brief: 'upgrades, with all that is known' },
    ],
  },
});

export const eventsCommands = buildRouteMap({
  routes: { list: listCommand, test: testCommand },
  docs: { brief: 'What clusters did' },
});
