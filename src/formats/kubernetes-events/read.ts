import { messageOf } from '../../core/errors.ts';
import { type Draft, finishEvent, type Rejection } from './draft.ts';
import type { KubernetesEvent } from './event.ts';
import { readEventExporter } from './event-exporter.ts';
import { readEventrouter } from './eventrouter.ts';
import { arrayOf, depthOf, isObject, type Json, stringOf } from './json.ts';
import { otelRecords, readK8sEvents, readK8sObjects } from './otel.ts';
import { mayHoldEvent } from './precheck.ts';
import { readViaq, viaqCluster } from './viaq.ts';
import { readWatch } from './watch.ts';

export interface ReadOptions {
  /** When the record was taken (ms), to refuse times in the future; null: not checked. */
  readonly receivedMs?: number | null;
  readonly bytesMax?: number;
  readonly depthMax?: number;
}

export type RejectReason = Rejection | 'too_large' | 'too_deep' | 'not_json' | 'unknown_shape';

export interface Rejected {
  readonly reason: RejectReason;
  readonly error: string;
}

export interface ReadResult {
  readonly events: readonly KubernetesEvent[];
  readonly rejected: readonly Rejected[];
}

const nothing: ReadResult = { events: [], rejected: [] };
const refused = (reason: RejectReason, error: string): ReadResult => ({
  events: [],
  rejected: [{ reason, error }],
});

/**
 * The Kubernetes events of one record of any known shape. A record that holds none (a platform
 * log) gives nothing; one that looks like an event and is not readable gives a reason. Never
 * throws on input.
 */
export function readKubernetesEvents(bytes: Uint8Array, options: ReadOptions = {}): ReadResult {
  if (!mayHoldEvent(bytes)) return nothing;
  const bytesMax = options.bytesMax ?? 4 * 1024 * 1024;
  if (bytes.length > bytesMax) {
    return refused('too_large', `${bytes.length} bytes, more than ${bytesMax}`);
  }
  const json = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  const depthMax = options.depthMax ?? 64;
  const parsed = parse(withoutPrefix(json), depthMax);
  if ('error' in parsed) {
    // A plain log line that mentions an event router is no broken event.
    if (!/"(event|involvedObject|regarding|object|kubernetes)"/.test(json)) return nothing;
    return refused(parsed.reason, parsed.error);
  }
  const drafts = draftsOf(parsed.value, depthMax, 0);
  if (drafts === null) return looksBroken(parsed.value) ? unknownShape : nothing;
  return finish(drafts, options.receivedMs ?? null);
}

const unknownShape = refused('unknown_shape', 'mentions an involved object in no known shape');

function finish(drafts: readonly Draft[], receivedMs: number | null): ReadResult {
  const events: KubernetesEvent[] = [];
  const rejected: Rejected[] = [];
  for (const draft of drafts) {
    const event = finishEvent(draft, receivedMs);
    if (typeof event !== 'string') events.push(event);
    else rejected.push({ reason: event, error: `event "${draft.name}" (${draft.reason})` });
  }
  return { events, rejected };
}

type Parsed = { value: unknown } | { reason: 'not_json' | 'too_deep'; error: string };

function parse(json: string, depthMax: number): Parsed {
  const depth = depthOf(json);
  if (depth > depthMax) {
    return { reason: 'too_deep', error: `nested ${depth} deep, more than ${depthMax}` };
  }
  try {
    return { value: JSON.parse(json) };
  } catch (error) {
    return { reason: 'not_json', error: messageOf(error) };
  }
}

/** klog puts a header before the JSON of an event router's default sink. */
function withoutPrefix(json: string): string {
  return /^[IWEF]\d{4} /.test(json) ? json.slice(Math.max(json.indexOf('{'), 0)) : json;
}

/** The events in a parsed record; null when its shape is none of ours. */
function draftsOf(value: unknown, depthMax: number, level: number): Draft[] | null {
  if (Array.isArray(value)) return manyOf(value, depthMax, level);
  if (!isObject(value)) return null;
  if (Array.isArray(value['items'])) return manyOf(value['items'], depthMax, level);
  const one =
    readViaq(value) ?? readEventrouter(value) ?? readWatch(value) ?? readEventExporter(value);
  if (one !== null) return [one];
  const records = otelRecords(value);
  const drafts = records.map((record) => readK8sEvents(record) ?? readK8sObjects(record));
  const found = drafts.filter((draft) => draft !== null);
  if (found.length > 0) return found;
  return embedded(value, depthMax, level);
}

function manyOf(values: readonly unknown[], depthMax: number, level: number): Draft[] | null {
  if (level > 1) return null;
  const found = arrayOf(values).flatMap((item) => draftsOf(item, depthMax, level + 1) ?? []);
  return found.length > 0 ? found : null;
}

/** The event as a JSON string inside `message` (vector 5.6, failed parses), `log` or `body`. */
function embedded(value: Json, depthMax: number, level: number): Draft[] | null {
  if (level > 2) return null;
  for (const member of ['message', 'log', 'body', 'MESSAGE', 'value']) {
    const inner = withoutPrefix(stringOf(value[member]));
    if (!inner.startsWith('{')) continue;
    const parsed = parse(inner, depthMax);
    if ('error' in parsed) continue;
    const drafts = draftsOf(parsed.value, depthMax, level + 1);
    if (drafts === null) continue;
    const cluster = viaqCluster(value);
    return drafts.map((draft) => (draft.cluster === '' ? { ...draft, cluster } : draft));
  }
  return null;
}

function looksBroken(value: unknown): boolean {
  return isObject(value) && ('involvedObject' in value || 'regarding' in value);
}
