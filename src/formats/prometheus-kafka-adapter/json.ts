import { parseDecimal } from '../line-samples/decimal.ts';
import { endsWith, parseJson } from '../line-samples/json.ts';
import type { Label, LineFormat, LineReason, LineSamples } from '../line-samples/line-samples.ts';
import { addPlain } from '../line-samples/plain.ts';
import { parseRfc3339 } from '../line-samples/rfc3339.ts';

/**
 * Records of prometheus-kafka-adapter (Telefonica, serializers.go), `json` and `avro-json`:
 *
 *     {"labels":{"__name__":"up","job":"x"},"name":"up","timestamp":"2026-03-01T10:00:00Z",
 *      "value":"1"}
 *
 * Timestamps are cut to whole seconds by the sender.
 */
export const prometheusKafkaAdapterJson: LineFormat = { name: 'prometheus-kafka-adapter', read };

const valueMark = Buffer.from('","value":"');

interface AdapterMetric {
  readonly name?: unknown;
  readonly labels?: unknown;
  readonly timestamp?: unknown;
  readonly value?: unknown;
}

function read(into: LineSamples): LineReason | undefined {
  return readPlain(into) ? undefined : readAny(into);
}

function readPlain(into: LineSamples): boolean {
  const { bytes, start, end } = into;
  if (bytes[end - 1] !== 0x7d || bytes[end - 2] !== 0x22) return false;
  const valueStart = bytes.lastIndexOf(0x22, end - 3) + 1;
  if (!endsWith(bytes, valueMark, start, valueStart)) return false;
  return addPlain(into, valueStart - valueMark.length, valueStart, end - 2, labelsOf);
}

function readAny(into: LineSamples): LineReason | undefined {
  const metric = parseJson<AdapterMetric>(into.text(into.start, into.end));
  const labels = metric ? labelsOf(metric) : undefined;
  if (!metric || !labels) return 'not_a_metric';
  const stamp = Buffer.from(String(metric.timestamp));
  const time = parseRfc3339(stamp, 0, stamp.length);
  if (Number.isNaN(time)) return 'bad_timestamp';
  const text = Buffer.from(String(metric.value));
  const value = parseDecimal(text, 0, text.length);
  if (value === undefined) return metric.value === null ? 'value_null' : 'bad_value';
  into.add(into.byLabels(labels), time, value);
  return undefined;
}

function labelsOf({ name, labels }: AdapterMetric): Label[] | undefined {
  if (typeof labels !== 'object' || labels === null) return undefined;
  const found: Label[] = [];
  let named = false;
  for (const [key, value] of Object.entries(labels)) {
    if (typeof value !== 'string') return undefined;
    if (key === '__name__') named = true;
    found.push([key, value]);
  }
  if (!named) {
    if (typeof name !== 'string') return undefined;
    found.push(['__name__', name]);
  }
  return found;
}
