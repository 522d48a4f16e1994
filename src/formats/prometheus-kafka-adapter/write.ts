import { formatDecimal } from '../line-samples/decimal.ts';
import type { Label } from '../line-samples/line-samples.ts';

/** One sample as prometheus-kafka-adapter writes it with `json`: the time cut to whole seconds. */
export function writeAdapterJson(labels: readonly Label[], timeMs: number, value: number): string {
  const sorted = labels.toSorted(([a], [b]) => (a < b ? -1 : 1));
  const pairs = sorted.map(([name, text]) => `${goString(name)}:${goString(text)}`).join(',');
  const name = labels.find(([label]) => label === '__name__')?.[1] ?? '';
  const stamp = new Date(Math.floor(timeMs / 1000) * 1000).toISOString().replace('.000Z', 'Z');
  const head = `{"labels":{${pairs}},"name":${goString(name)}`;
  return `${head},"timestamp":"${stamp}","value":"${goFloat(value)}"}`;
}

function goFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return formatDecimal(value);
}

/** Go's encoding/json escapes HTML too. */
function goString(text: string): string {
  const escaped = JSON.stringify(text.toWellFormed()).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return escaped;
}
