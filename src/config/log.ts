import { z } from 'zod';
import { processDefaults as defaults } from './defaults.ts';
import { key } from './key.ts';
import { duration, readableFile, secret, size } from './quantities.ts';

const journal = (what: string, retention: string, sizeMax: string) =>
  z
    .strictObject({
      retention: key(duration().prefault(retention), `How long ${what} are kept at least.`),
      size_max: key(
        size().prefault(sizeMax),
        'Size on disk. The oldest go first, but never what the newest snapshot needs: then writes are answered 503.',
      ),
    })
    .prefault({});

const journals = z.strictObject({
  input: key(
    journal('telemetry records', defaults.inputRetention, defaults.inputSizeMax),
    'What came in.',
  ),
  outputs: key(
    journal('outputs', defaults.outputsRetention, defaults.outputsSizeMax),
    'What was found.',
  ),
  segment_size: key(
    size().prefault(defaults.segmentSize),
    'Size of one file of a journal: the unit of retention.',
  ),
  cache_size: key(
    size().prefault(defaults.cacheSize),
    'Newest records kept in memory for readers, per journal.',
  ),
  pending_size_max: key(
    size().prefault(defaults.pendingSizeMax),
    'Records that wait for the disk, per journal: writes are answered 503 above.',
  ),
});

const sasl = z
  .strictObject({
    mechanism: key(
      z.enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']),
      'As the listener of the brokers is set up.',
    ),
    username: key(z.string().min(1), 'Name of the user.'),
    password: key(secret().optional(), 'Its password; better: `password_file`.'),
    password_file: key(readableFile().optional(), 'File that holds the password.'),
  })
  .refine((given) => (given.password === undefined) !== (given.password_file === undefined), {
    error: 'give exactly one of password and password_file',
  });

const kafkaTls = z.strictObject({
  ca_file: key(
    readableFile().optional(),
    "PEM certificates of the brokers' authority; without it the system's.",
  ),
  cert_file: key(readableFile().optional(), 'PEM certificate that we show.'),
  key_file: key(readableFile().optional(), 'PEM key of that certificate.'),
  server_name: key(
    z.string().min(1).optional(),
    "Name in the brokers' certificate where it is not the host's.",
  ),
});

const kafka = z.strictObject({
  brokers: key(
    z.array(z.string().regex(/^[^\s/]+:\d+$/, 'write a broker as host:port')).min(1),
    'Some brokers as `host:port`.',
  ),
  tls: key(kafkaTls.optional(), 'TLS towards the brokers; `{}` for the plain case.'),
  sasl: key(sasl.optional(), 'Authentication towards the brokers.'),
  topics: key(
    z.record(z.string().min(1), z.string().min(1)).default({}),
    'Names at the brokers by our names, such as `telemetry: team-a.telemetry`.',
  ),
  create_topics: key(z.boolean().default(true), 'Whether topics that are missing are created.'),
  retention_input: key(
    duration().prefault(defaults.kafkaInputRetention),
    'Retention of `telemetry` where we create it.',
  ),
  retention_outputs: key(
    duration().prefault(defaults.kafkaOutputsRetention),
    'Retention of the other topics where we create them.',
  ),
});

export const logSchema = z
  .strictObject({
    type: key(
      z.enum(['journal', 'kafka']).default('journal'),
      '`journal`: files in the data folder. `kafka`: a cluster of brokers.',
    ),
    encoding: key(
      z.enum(['snappy', 'zstd']).default('snappy'),
      'Compression of `samples` records; with snappy a clean request is kept as the bytes that came.',
    ),
    journal: key(journals.prefault({}), 'Used with `type: journal`.'),
    kafka: key(kafka.optional(), 'Used with `type: kafka`.'),
  })
  .refine((given) => given.type !== 'kafka' || given.kafka !== undefined, {
    error: 'type kafka needs a kafka section with brokers',
    path: ['kafka'],
  });
