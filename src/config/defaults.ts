/**
 * Every default of the configuration, as a user would write it. The parts of the program have the
 * same values as defaults of their options; a test holds the two together.
 */
export const processDefaults = {
  listen: '127.0.0.1:9797',
  data: './seastate-data',
  partitions: 16,
  shutdownTimeout: '30s',

  // The journals: input for replays of a few hours, outputs for weeks.
  inputRetention: '6h',
  inputSizeMax: '20GB',
  outputsRetention: '28d',
  outputsSizeMax: '10GB',
  segmentSize: '64MB',
  cacheSize: '32MB',
  pendingSizeMax: '64MB',
  // Topics on Kafka, where we create them.
  kafkaInputRetention: '24h',
  kafkaOutputsRetention: '14d',

  // Sources that this process fetches.
  sourceGroup: 'seastate',
  sourceHold: '2s',
  sourceBatchRecords: 20_000,
  sourceCommitInterval: '1s',
  sourceRetryMax: '1m',
  watchPageSize: 500,
  watchTimeout: '5m',
  rejectedSizeMax: '512KB',

  // One request (413 or 400 above).
  eventSizeMax: '4MB',
  eventsBodySizeMax: '1GB',
  bodySizeMax: '32MB',
  decodedSizeMax: '32MB',
  samplesMax: 500_000,
  seriesMax: 500_000,
  exemplarsMax: 500_000,
  symbolsMax: 1_000_000,
  labelsMax: 200,
  labelSizeMax: '16KB',
  // All requests in flight (503 above).
  inFlightSizeMax: '128MB',
  inFlightRequestsMax: 4_096,
  connectionsMax: 10_000,
  headersTimeout: '10s',
  requestTimeout: '60s',
  idleTimeout: '5m30s',
  filesPoll: '10s',
  retryAfterMin: '1s',
  retryAfterMax: '10s',

  // Merging of small requests into records.
  linger: '5ms',
  mergeBelowSamples: 256,
  recordSamplesMax: 10_000,
  recordSizeMax: '768KB',
  appendTimeout: '20s',
  knownSeriesMax: 4_000_000,
  knownSeriesSizeMax: '1GB',
  clustersMax: 20_000,
  familiesMax: 20_000,
  metadataRepeat: '6h',
  clashWindow: '10m',
  clockSkewMax: '2s',

  // What leaves.
  sinkRequestSize: '32KB',
  sinkConnections: 4,
  sinkTimeout: '30s',
  sinkBackoffMin: '100ms',
  sinkBackoffMax: '30s',

  rotationGrace: '2m',
  snapshotInterval: '5m',
  snapshotsHourly: 6,
  snapshotsDaily: 7,
} as const;

export const settingsDefaults = {
  clusterLabels: ['clusterID', 'cluster_id', 'cluster'],
  replicaLabels: ['prometheus_replica', '__replica__', 'replica'],
  seriesPerClusterMax: 2_000_000,
  birthsPerTick: 500_000,
  future: '10m',
  endAfter: '5m',
  backlog: '2m',
  forgetAfter: '1h',
  silentMax: '1d',
  forgetSenders: '7d',
  replicaLead: '30s',
  clustersPerPartitionMax: 10_000,
  sendersPerPartitionMax: 20_000,
  familiesPerClusterMax: 50_000,
  statusTicks: 3,
} as const;
