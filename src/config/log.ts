import { z } from 'zod';
import { processDefaults as defaults } from './defaults.ts';
import { kafkaConnection } from './kafka.ts';
import { key } from './key.ts';
import { duration, size } from './quantities.ts';

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

const kafka = z.strictObject({
  ...kafkaConnection,
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
