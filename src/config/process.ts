import { z } from 'zod';
import { processDefaults as defaults } from './defaults.ts';
import { key } from './key.ts';
import { logSchema } from './log.ts';
import { duration, path, readableFile, size } from './quantities.ts';
import { sinksSchema } from './sinks.ts';
import { sourcesSchema } from './sources.ts';

const count = (value: number) => z.int().positive().default(value);

const credential = z
  .strictObject({
    name: key(z.string().min(1), 'Name of the credential: the cluster of series that name none.'),
    tenant: key(z.string().min(1).default('default'), 'Tenant of what it writes and reads.'),
    roles: key(
      z
        .array(z.enum(['write', 'read', 'admin']))
        .min(1)
        .default(['write']),
      '`write` samples, `read` the API, `admin`: all tenants and reload.',
    ),
    basic: key(
      z
        .strictObject({
          user: key(z.string().min(1), 'Name of the user.'),
          password_file: key(readableFile(), 'File of passwords, one per line: each is valid.'),
        })
        .optional(),
      'HTTP basic authentication.',
    ),
    bearer: key(
      z
        .strictObject({
          token_file: key(readableFile(), 'File of tokens, one per line: each is valid.'),
        })
        .optional(),
      'A token in the Authorization header.',
    ),
    certificate: key(
      z
        .strictObject({
          common_name: key(
            z.string().min(1),
            'Common name of a verified client certificate; `*`: any, and the credential has its name.',
          ),
        })
        .optional(),
      'A client certificate (see `tls.client_ca_file`).',
    ),
  })
  .refine(
    ({ basic, bearer, certificate }) =>
      [basic, bearer, certificate].filter((way) => way !== undefined).length === 1,
    { error: 'give exactly one of basic, bearer and certificate' },
  );

const auth = z.strictObject({
  credentials: key(
    z.array(credential).default([]),
    'Who may write and read. None: everybody who reaches the port, which must then be 127.0.0.1.',
    'live',
  ),
  allow_unauthenticated: key(
    z.boolean().default(false),
    'Whoever sends no credentials may write and read everything, from any address.',
  ),
  allowed_hosts: key(
    z.array(z.string().min(1)).default([]),
    'Names by which whoever needs no credentials may call this server, beside `localhost`, addresses and `listen`; `*`: any. None given, any name may be used where `listen` is no loopback address.',
    'live',
  ),
  rotation_grace: key(
    duration().prefault(defaults.rotationGrace),
    'How long a replaced secret stays valid.',
    'live',
  ),
  files_poll: key(
    duration().prefault(defaults.filesPoll),
    'How often the files of secrets and certificates are read again.',
  ),
});

const tls = z.strictObject({
  cert_file: key(readableFile(), 'PEM certificate chain of this server.'),
  key_file: key(readableFile(), 'PEM key of the certificate.'),
  client_ca_file: key(
    readableFile().optional(),
    'PEM certificates of the authority whose client certificates are accepted (mTLS).',
  ),
});

const requestLimits = z.strictObject({
  body_size: key(size().prefault(defaults.bodySizeMax), 'One request as it comes: 413 above.'),
  decoded_size: key(
    size().prefault(defaults.decodedSizeMax),
    'One request decompressed: 413 above.',
  ),
  samples: key(count(defaults.samplesMax), 'Samples and histograms of one request: 400 above.'),
  series: key(count(defaults.seriesMax), 'Series of one request: 400 above.'),
  exemplars: key(count(defaults.exemplarsMax), 'Exemplars of one request: 400 above.'),
  symbols: key(count(defaults.symbolsMax), 'Symbols of one request (2.0): 400 above.'),
  labels: key(count(defaults.labelsMax), 'Labels of one series: the series is refused above.'),
  label_size: key(
    size().prefault(defaults.labelSizeMax),
    'One label name or value: the series is refused above.',
  ),
  event_size: key(
    size().prefault(defaults.eventSizeMax),
    'One record of Kubernetes events: refused above.',
    'restart',
  ),
  events_body_size: key(
    size().prefault(defaults.eventsBodySizeMax),
    'Lines of Kubernetes events in one request, decompressed: 413 above; one document as `body_size`.',
    'restart',
  ),
  rejected_size: key(
    size().prefault(defaults.rejectedSizeMax),
    'Bytes of a record of a source that `rejected` keeps.',
    'restart',
  ),
  in_flight_size: key(
    size().prefault(defaults.inFlightSizeMax),
    'Bytes of all requests that are not answered yet: 503 above.',
  ),
  in_flight_requests: key(
    count(defaults.inFlightRequestsMax),
    'Requests that are not answered yet: 503 above.',
  ),
  connections: key(count(defaults.connectionsMax), 'Open connections.', 'restart'),
  headers_timeout: key(
    duration().prefault(defaults.headersTimeout),
    'A client must have sent its headers by then.',
    'restart',
  ),
  request_timeout: key(
    duration().prefault(defaults.requestTimeout),
    'A client must have sent its request by then.',
    'restart',
  ),
  idle_timeout: key(
    duration().prefault(defaults.idleTimeout),
    "A connection may be idle so long between requests; longer than the senders' own limit.",
    'restart',
  ),
  retry_after_min: key(duration().prefault(defaults.retryAfterMin), 'Least Retry-After of a 503.'),
  retry_after_max: key(duration().prefault(defaults.retryAfterMax), 'Most Retry-After of a 503.'),
});

const gateway = z.strictObject({
  linger: key(
    duration().prefault(defaults.linger),
    'A small request waits so long for others of its cluster.',
  ),
  merge_below_samples: key(count(defaults.mergeBelowSamples), 'A request below it is small.'),
  record_samples: key(count(defaults.recordSamplesMax), 'Samples of one record.'),
  record_size: key(size().prefault(defaults.recordSizeMax), 'One record before compression.'),
  append_timeout: key(
    duration().prefault(defaults.appendTimeout),
    "A write that is not durable by then is answered 503; keep it below the senders' own timeout.",
  ),
  known_series: key(
    count(defaults.knownSeriesMax),
    'Series that the decoder remembers between requests; beyond, all are learnt again.',
  ),
  known_series_size: key(size().prefault(defaults.knownSeriesSizeMax), 'Memory for them.'),
  clusters: key(count(defaults.clustersMax), 'Clusters that are remembered.'),
  metadata_families: key(count(defaults.familiesMax), 'Metric families remembered per credential.'),
  metadata_repeat: key(
    duration().prefault(defaults.metadataRepeat),
    'Metadata is written again after this time, changed or not.',
  ),
  clash_window: key(
    duration().prefault(defaults.clashWindow),
    'Two credentials that write to one cluster within it clash: counted and shown.',
  ),
  clock_skew: key(
    duration().prefault(defaults.clockSkewMax),
    "The log's clock may differ from ours by this before it is told.",
  ),
});

/** The `process:` section: what one process needs; never logged, and it cannot change a result. */
export const processSchema = z.strictObject({
  listen: key(
    z
      .string()
      .regex(
        /^(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$/,
        'write it as host:port, such as 127.0.0.1:9797',
      )
      .default(defaults.listen),
    'Address of the HTTP server.',
    'restart',
  ),
  data: key(
    path().default(defaults.data),
    'Folder of journals, snapshots and the SQL view; made when missing.',
    'restart',
  ),
  partitions: key(
    z.int().min(1).max(4096).default(defaults.partitions),
    'Partitions of `telemetry`: several times the cores. Fixed when the data folder is made.',
    'restart',
  ),
  runtime: key(
    z.enum(['embedded', 'spark', 'none']).default('embedded'),
    'Who runs the stages: this process, Spark, or nobody here.',
    'restart',
  ),
  workers: key(
    z.int().min(1).max(256).optional(),
    'Worker threads of the embedded runtime; default: one less than the cores, at least one.',
    'restart',
  ),
  worker_buffers_size: key(
    size().optional(),
    'What typed arrays and other buffers of one worker thread, where the state of series is, may take: above it the thread is ended, and its record tried again. Default: four fifths of the memory that there is.',
    'restart',
  ),
  processors: key(
    z.array(readableFile()).default([]),
    'Files of your own processors (TypeScript); other content needs a higher `settings.version`.',
    'live',
  ),
  models: key(
    z.array(readableFile()).default([]),
    'Files of your own models (TypeScript), which routes name as they name the shipped ones; other content needs a higher `settings.version`.',
    'live',
  ),
  log: key(logSchema.prefault({}), 'Where records are kept.', 'restart'),
  sources: key(
    sourcesSchema.prefault({}),
    'What this process fetches by itself, beside what is sent to it.',
    'restart',
  ),
  snapshots: key(
    z
      .strictObject({
        interval: key(
          duration().prefault(defaults.snapshotInterval),
          'Log time between two snapshots of a partition.',
        ),
        hourly: key(
          z.int().min(0).max(1_000).default(defaults.snapshotsHourly),
          'Hours of log time back from which the first snapshot of each is kept, so that `pull --at` and `explain --at` can begin there; beside the newest two.',
        ),
        daily: key(
          z.int().min(0).max(1_000).default(defaults.snapshotsDaily),
          'Days of log time (UTC) back from which the first snapshot of each is kept.',
        ),
        folder: key(
          path().optional(),
          'Folder of snapshots, bundles and skips, where Spark and this process both reach it; `snapshots` in the data folder by default.',
        ),
      })
      .prefault({}),
    'Snapshots of the state of partitions.',
    'restart',
  ),
  auth: key(auth.prefault({}), 'Who may do what.', 'restart'),
  tls: key(tls.optional(), 'HTTPS instead of HTTP.', 'restart'),
  reload: key(
    z.enum(['off', 'loopback', 'on']).default('loopback'),
    'Who may ask for a reload over HTTP: nobody, this machine, or whoever has the role `admin`.',
    'restart',
  ),
  limits: key(requestLimits.prefault({}), 'Limits of requests and connections.', 'restart'),
  gateway: key(gateway.prefault({}), 'From requests to records.', 'restart'),
  sinks: key(sinksSchema.prefault({}), 'Where findings are sent.', 'restart'),
  logging: key(
    z
      .strictObject({
        level: key(
          z.enum(['debug', 'info', 'warn', 'error']).default('info'),
          'Least level that is written.',
          'live',
        ),
        format: key(
          z.enum(['auto', 'json', 'text']).default('auto'),
          '`auto`: text on a terminal, JSON otherwise.',
        ),
      })
      .prefault({}),
    'Our own log, on stderr.',
    'restart',
  ),
  shutdown_timeout: key(
    duration().prefault(defaults.shutdownTimeout),
    'How long a graceful stop may take: drain, then snapshot.',
    'live',
  ),
});
