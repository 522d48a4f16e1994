import { parseDecimal } from './decimal.ts';
import { endsWith, parseJson } from './json.ts';
import type { Label, LineSamples } from './line-samples.ts';
import { parseRfc3339 } from './rfc3339.ts';

const stampMark = Buffer.from('"timestamp":"');

/**
 * A JSON record in the exact shape that its writer gives it: the head, up to the timestamp, names
 * the series and is parsed once; the timestamp, which ends at `timeEnd`, and the value in
 * bytes[valueStart, valueEnd) are read in place. False where the shape is another, or `labelsOf`
 * finds no labels in the head; then nothing is added.
 */
export function addPlain<Head extends object>(
  into: LineSamples,
  timeEnd: number,
  valueStart: number,
  valueEnd: number,
  labelsOf: (head: Head) => Label[] | undefined,
): boolean {
  const { bytes, start } = into;
  const timeStart = bytes.lastIndexOf(0x22, timeEnd - 1) + 1;
  if (!endsWith(bytes, stampMark, start, timeStart)) return false;
  const time = parseRfc3339(bytes, timeStart, timeEnd);
  const value = parseDecimal(bytes, valueStart, valueEnd);
  if (Number.isNaN(time) || value === undefined) return false;
  const headEnd = timeStart - stampMark.length;
  let series = into.find(start, headEnd);
  if (series < 0) {
    const head = parseJson<Head>(`${into.text(start, headEnd)}"":0}`);
    const labels = head && labelsOf(head);
    if (!labels) return false;
    series = into.learn(start, headEnd, labels);
  }
  into.add(series, time, value);
  return true;
}
