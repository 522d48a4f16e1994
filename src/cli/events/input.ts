import type { KubernetesEvent } from '../../formats/kubernetes-events/event.ts';
import { type ReadOptions, readKubernetesEvents } from '../../formats/kubernetes-events/read.ts';
import { readNamed } from '../files.ts';

/** One line of input, ready to be put in order of time. */
export type Input =
  | { readonly time: number; readonly event: KubernetesEvent }
  | { readonly time: number; readonly sample: MetricLine };

/** A metric line of a recording; `value: null` ends the series. */
export interface MetricLine {
  readonly t: number;
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | null;
}

export interface InputResult {
  readonly inputs: readonly Input[];
  /** Lines that could not be used, by reason. */
  readonly rejected: ReadonlyMap<string, number>;
}

/**
 * Records of any shape, one per line (or one JSON document per file), and metric lines
 * `{t, metric, labels, value}` among them. Throws `usage` when a file cannot be read.
 */
export async function readInputs(files: readonly string[]): Promise<InputResult> {
  const inputs: Input[] = [];
  const rejected = new Map<string, number>();
  const reject = (reason: string): void => {
    rejected.set(reason, (rejected.get(reason) ?? 0) + 1);
  };
  for (const file of files) {
    const bytes = await readNamed(file);
    const whole = isOneDocument(bytes);
    // A list of all events of a cluster may be large; a line of a log may not.
    const options = whole ? { bytesMax: documentBytesMax } : {};
    for (const line of whole ? [bytes] : linesOf(bytes)) readLine(line, options, inputs, reject);
  }
  inputs.sort((a, b) => a.time - b.time);
  return { inputs: nearTheRest(inputs, reject), rejected };
}

const documentBytesMax = 512 * 1024 * 1024;

/** No record is further than this from the one in the middle. */
const farMs = 400 * 24 * 3_600_000;

/** Log time follows the records: one of the year 2999 would be the end of all others. */
function nearTheRest(sorted: readonly Input[], reject: (reason: string) => void): Input[] {
  const middle = sorted[sorted.length >> 1]?.time ?? 0;
  return sorted.filter(({ time }) => {
    const near = Math.abs(time - middle) <= farMs;
    if (!near) reject('time_far_off');
    return near;
  });
}

/** A document that is spread over lines: its first line alone is no JSON, the whole is. */
function isOneDocument(bytes: Buffer): boolean {
  const end = bytes.indexOf(10);
  if (end < 0) return true;
  return !isJson(bytes.subarray(0, end)) && isJson(bytes);
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(Buffer.from(bytes).toString());
    return true;
  } catch {
    return false;
  }
}

function* linesOf(bytes: Buffer): Generator<Buffer> {
  let start = 0;
  while (start < bytes.length) {
    const end = bytes.indexOf(10, start);
    const line = bytes.subarray(start, end < 0 ? bytes.length : end);
    if (line.length > 1) yield line;
    start = end < 0 ? bytes.length : end + 1;
  }
}

const metricWord = Buffer.from('"metric"');

function readLine(
  line: Buffer,
  options: ReadOptions,
  inputs: Input[],
  reject: (reason: string) => void,
): void {
  const sample = line.indexOf(metricWord) >= 0 ? metricOf(line) : null;
  if (sample === 'bad') {
    reject('bad_metric');
    return;
  }
  if (sample !== null) {
    inputs.push({ time: sample.t, sample });
    return;
  }
  const { events, rejected } = readKubernetesEvents(line, options);
  for (const event of events) inputs.push({ time: receivedAt(line) ?? event.end, event });
  for (const { reason } of rejected) reject(reason);
}

/** null: no metric line at all; bad: one that cannot be used. */
function metricOf(line: Buffer): MetricLine | 'bad' | null {
  let read: Partial<Record<keyof MetricLine, unknown>>;
  try {
    read = JSON.parse(line.toString());
  } catch {
    return null;
  }
  const { t, metric, labels = {}, value } = read ?? {};
  if (typeof metric !== 'string' || t === undefined) return null;
  const isTime = typeof t === 'number' && Number.isFinite(t) && t > 0;
  const isValue = value === null || (typeof value === 'number' && Number.isFinite(value));
  const isMap = typeof labels === 'object' && labels !== null && !Array.isArray(labels);
  if (!isTime || !isValue || !isMap) return 'bad';
  if (!Object.values(labels).every((label) => typeof label === 'string')) return 'bad';
  return { t: Math.round(t), metric, labels: labels as MetricLine['labels'], value };
}

/** When a recorder had the line: `{"t": ms, ...}`. */
function receivedAt(line: Buffer): number | null {
  const found = /^\s*\{\s*"t":\s*(\d{12,14})\b/.exec(line.subarray(0, 64).toString());
  return found ? Number(found[1]) : null;
}
