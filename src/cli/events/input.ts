import { readFile } from 'node:fs/promises';
import { messageOf, SeastateError } from '../../core/errors.ts';
import type { KubernetesEvent } from '../../formats/kubernetes-events/event.ts';
import { readKubernetesEvents } from '../../formats/kubernetes-events/read.ts';

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
    const bytes = await bytesOf(file);
    const whole = isOneDocument(bytes);
    for (const line of whole ? [bytes] : linesOf(bytes)) readLine(line, inputs, reject);
  }
  inputs.sort((a, b) => a.time - b.time);
  return { inputs, rejected };
}

async function bytesOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new SeastateError('usage', `cannot read ${file}: ${messageOf(error)}`);
  }
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

function readLine(line: Buffer, inputs: Input[], reject: (reason: string) => void): void {
  const sample = line.indexOf(metricWord) >= 0 ? metricOf(line) : null;
  if (sample !== null) {
    inputs.push({ time: sample.t, sample });
    return;
  }
  const { events, rejected } = readKubernetesEvents(line);
  for (const event of events) inputs.push({ time: receivedAt(line) ?? event.end, event });
  for (const { reason } of rejected) reject(reason);
}

function metricOf(line: Buffer): MetricLine | null {
  try {
    const { t, metric, labels, value } = JSON.parse(line.toString()) as MetricLine;
    const fits = typeof t === 'number' && typeof metric === 'string';
    if (!fits || (typeof value !== 'number' && value !== null)) return null;
    return { t, metric, labels: labels ?? {}, value };
  } catch {
    return null;
  }
}

/** When a recorder had the line: `{"t": ms, ...}`. */
function receivedAt(line: Buffer): number | null {
  const found = /^\s*\{\s*"t":\s*(\d{12,14})\b/.exec(line.subarray(0, 64).toString());
  return found ? Number(found[1]) : null;
}
