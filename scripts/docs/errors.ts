import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { code, generated, table } from './markdown.ts';

const root = join(import.meta.dirname, '..', '..');

/** What every code means to whoever reads it. */
export const errorCodes: Readonly<Record<string, string>> = {
  bad_config: 'A file that Spark or the program was given cannot be used.',
  bad_query: 'A SQL statement cannot be run; only SELECT on the tables of the view may be.',
  bad_record:
    'A record is not of the shape that its topic or kind asks for; it is counted and goes to `rejected`.',
  bad_rules: 'Rules of your own for events have a mistake; the message names file and place.',
  bad_secret: 'A file of secrets is empty or cannot be read.',
  bad_tls: 'Certificate or key cannot be used together.',
  body_malformed: 'A body is not the protobuf message that its content type says.',
  body_not_snappy: 'A body is not snappy (block format).',
  body_not_zstd: 'A record that says zstd is not.',
  body_too_large: 'A body declares more than the limit, as it comes or decompressed.',
  bundle_failed:
    'Processors or models of your own cannot be bundled or loaded; the message names file and line.',
  bundle_missing: 'The code that a state was made with is not at the place of the snapshots.',
  config: 'The configuration has mistakes; each is told with its place.',
  encoding_unknown: 'A record names a compression that this program does not know.',
  halted:
    'A record ended its runner again and again: mend the cause, or leave it out with `seastate skip`.',
  invariant: 'A defect of ours: please tell us, with the stack.',
  kubernetes_config: 'A kubeconfig, its context or the service account of the pod cannot be used.',
  kubernetes_denied:
    'The API server refuses the credentials, or the right to list and watch events.',
  kubernetes_gone: 'The API server has forgotten where a watch stood: the events are listed anew.',
  kubernetes_missing: 'The API server does not know what was asked for.',
  kubernetes_unavailable: 'The API server does not answer, or with an error; it is tried again.',
  limit_exceeded: 'A request has more samples, series or symbols than the limit.',
  listen_failed: 'The address cannot be listened on: in use, or not of this machine.',
  log_corrupt: 'A file of the journal is damaged or missing; the message names it and the ways on.',
  log_denied: 'The brokers refuse the credentials, or the right to read or write a topic.',
  log_failed: 'The disk failed while writing: nothing more is taken until the next start.',
  log_full: 'The journal is at its size limit, or the disk is full; writes are answered 503.',
  log_lost: 'The log holds less than a snapshot has seen: its files were taken away or put back.',
  log_locked: 'Another process writes in this data folder.',
  log_missing: 'There is no journal in this data folder.',
  log_unavailable: 'The log takes nothing for now; writes are answered 503 and tried again.',
  log_unreadable: 'A batch of the brokers cannot be read.',
  log_version: 'The journal is of another format version.',
  merge_full: 'Too many records wait for an upstream partition that does not go on.',
  model_invalid: 'A model of your own is not well defined.',
  model_name: 'Two models have the same name.',
  model_parameters: 'Parameters of a model are wrong.',
  model_result: 'A model gave what is no number from 0; that sample is not scored.',
  model_state:
    'The state of a model is of a newer version than its file, or its `upgrade` threw: a model of your own waits for code that can use it.',
  model_unknown: 'No model has that name.',
  offset_gone: 'Retention has passed what is to be read.',
  out_of_memory: 'A decoder cannot grow its memory.',
  other_tenant:
    "A Kubernetes event names a cluster that is another tenant's (`settings.clusters.tenants`).",
  output_undeclared: 'A processor writes to a topic that it does not declare.',
  outputs_differ: 'A re-run made other outputs than before: the partition halts.',
  partition_missing: 'A topic has no such partition.',
  partitions_changed: 'The partition count is not the one that the data was made with.',
  processor_missing: 'A state holds a processor that this program does not have.',
  receiver_refused: 'A receiver of remote write refuses who we are, or is not at that address.',
  receiver_unreachable: 'A receiver of remote write gives no answer, or only "later".',
  record_not_json: 'A record that should be JSON is not; it goes to `rejected`.',
  rebuild_impossible: 'No snapshot and log reach from one to the other: ask for a later time.',
  rekey_refused: 'A state cannot be moved to another log yet, or not there; the message says why.',
  record_too_large: 'A record is over the limit of the log.',
  restart_needed: 'A change of the configuration that only a restart takes.',
  runner_mismatch: 'A runner is not of the same program as its runtime.',
  settings_conflict: 'The settings version is in force with other content: raise it.',
  settings_invalid: 'A settings record does not fit the program that reads it.',
  snapshot_broken: 'A snapshot file is damaged; an older one is used.',
  snapshot_misplaced: 'A snapshot is of another partition or count.',
  snapshot_newer: 'A snapshot was made by a newer program.',
  snapshot_missing: 'The snapshot at which new code must begin is not there.',
  spark: 'Spark ended by itself; its last words stand above.',
  state_full:
    'More series of a partition have a state than its columns can hold: use more partitions.',
  state_lost: 'There is no snapshot, and the log no longer begins at its first record.',
  snapshot_unreadable: 'A snapshot has a format that this program does not know.',
  spark_missing: 'Java or the jars of Spark are not there; the message says how to get them.',
  stage_unknown: 'There is no such stage.',
  status: 'The server is not ready, or does not answer.',
  topic_grew: 'Partitions were added to a topic that is a source; it is opened again by itself.',
  topic_mismatch: 'A topic at the brokers is not as it must be; the message says how.',
  topic_missing: 'A topic does not exist, and may not be made.',
  topic_replaced: 'A topic was deleted and made anew: offsets of the old one mean nothing.',
  unknown_topic: 'The log has no such topic or partition.',
  unsafe_listen: 'Others could reach a server that asks nobody who they are.',
  view_conflict: 'Another process feeds the SQL view.',
  view_missing: 'There is no SQL view in this data folder yet.',
  view_version: 'The SQL view was made by another version of the program.',
  type_check: 'The TypeScript compiler cannot run.',
  usage: 'Wrong use of a verb, a selector, a time or a query.',
  user_code: 'Processors or models of your own have mistakes, each told with its place.',
};

/** Codes of all errors that the sources make. */
export function codesInSource(): string[] {
  const codes = new Set<string>();
  for (const file of globSync('src/**/*.ts', { cwd: root })) {
    if (file.endsWith('.test.ts')) continue;
    const text = readFileSync(join(root, file), 'utf8');
    for (const [, name] of text.matchAll(/new (?:SeastateError|Halt)\(\s*'([a-z_]+)'/g))
      codes.add(name!);
  }
  return [...codes].sort();
}

export function errorsPage(): string {
  const rows = Object.entries(errorCodes).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${generated}
# Error codes

In logs as \`error.code\`. An error that may go away by itself is tried again by whoever met it.

${table(
  ['code', 'meaning'],
  rows.map(([name, meaning]) => [code(name), meaning]),
)}`;
}
