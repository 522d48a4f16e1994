import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { configAliases, configFlags, countParser, timeFlag, timeParser } from '../flags.ts';
import type { ReplayFlags } from './receiver.ts';

const optional = { kind: 'parsed', parse: String, optional: true } as const;

export const replayCommand = buildCommand<ReplayFlags, [], CliContext>({
  loader: async () => (await import('./replay.ts')).replay,
  parameters: {
    flags: {
      ...configFlags,
      from: {
        kind: 'parsed',
        parse: fromParser,
        optional: true,
        placeholder: 'time',
        brief:
          'Log time to begin at: RFC 3339, unix seconds, now, -2h (the default); or `rejected`: what could not be used',
      },
      to: timeFlag('Log time to end at; now by default'),
      cluster: {
        ...optional,
        placeholder: 'name',
        brief: 'Only of this cluster; of what was rejected: the cluster of events that name none',
      },
      select: {
        ...optional,
        placeholder: 'selector',
        brief: 'Only series that match, such as \'{__name__=~"etcd_.*"}\'',
      },
      rate: {
        kind: 'parsed',
        parse: countParser,
        optional: true,
        placeholder: 'n',
        brief: 'Samples per second at most',
      },
      url: {
        kind: 'parsed',
        parse: urlOf,
        optional: true,
        placeholder: 'address',
        brief: 'Receiver, such as http://prometheus:9090/api/v1/write',
      },
      sink: {
        ...optional,
        placeholder: 'name',
        brief: 'Instead of --url: address and credentials of one of process.sinks.prometheus',
      },
      protocol: {
        kind: 'enum',
        values: ['auto', '1.0', '2.0'],
        default: 'auto',
        brief: 'Of remote write; auto: 2.0, and 1.0 where the receiver takes only that',
      },
      tokenFile: { ...optional, placeholder: 'file', brief: 'File that holds a bearer token' },
      header: {
        ...optional,
        variadic: true,
        placeholder: 'name:value',
        brief: 'A further header, such as X-Scope-OrgID:team-a',
      },
    },
    aliases: configAliases,
  },
  docs: {
    brief: 'Send samples of the log to a receiver of remote write',
    fullDescription:
      'Reads the data folder beside the running process, or Kafka, in the order of log time. Records ' +
      'are sent as they stand where the receiver takes remote write 2.0. Stopped or failed, it ' +
      'says from where to go on.',
    customUsage: [
      {
        input: '--from -2h --url http://prometheus:9090/api/v1/write',
        brief: 'the last two hours',
      },
      {
        input: `--cluster c1 --select '{__name__="up"}' --rate 50000 --sink main`,
        brief: 'some series, slowly, to a receiver of the configuration',
      },
      {
        input: '--from rejected --url http://127.0.0.1:9797/api/v1/write',
        brief: 'what could not be used, once its cause is mended',
      },
    ],
  },
});

function fromParser(this: CliContext, text: string): number | 'rejected' {
  return text === 'rejected' ? text : timeParser.call(this, text);
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new Error(`"${text}" is not an address: write http://host:port/api/v1/write`);
}
