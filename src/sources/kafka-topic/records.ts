import type { TopicFormat } from '../../config/sources.ts';
import { messageOf } from '../../core/errors.ts';
import { type LineFormat, LineSamples } from '../../formats/line-samples/line-samples.ts';
import { LineRequestEncoder } from '../../formats/line-samples/request.ts';
import { prometheusKafkaAdapterJson } from '../../formats/prometheus-kafka-adapter/json.ts';
import { compress, decompress, Scratch } from '../../formats/snappy/snappy.ts';
import { vectorJson } from '../../formats/vector/json.ts';
import { vectorText } from '../../formats/vector/text.ts';
import { EventRecordReader, type EventRecordsOptions } from './event-records.ts';
import type { Made, MadeRequest, RecordReader, Unusable } from './made.ts';
import type { Placed } from './merge.ts';

const lineFormats: Partial<Record<TopicFormat, LineFormat>> = {
  'vector-text': vectorText,
  'vector-json': vectorJson,
  'prometheus-kafka-adapter-json': prometheusKafkaAdapterJson,
};

export interface RecordReaderOptions {
  readonly format: TopicFormat;
  /** Samples of one request at most. */
  readonly requestSamples: number;
  /** Bytes of one decoded request at most. */
  readonly decodedBytesMax: number;
  /** Of Kubernetes events. */
  readonly events: EventRecordsOptions;
}

export function recordReader(options: RecordReaderOptions): RecordReader {
  const { format } = options;
  if (format === 'kubernetes-events') return new EventRecordReader(options.events);
  const lines = lineFormats[format];
  if (lines) return new LineReader(format, lines, options.requestSamples);
  return new RequestReader(format === 'remote-write-1' ? 1 : 2, options.decodedBytesMax);
}

const unreadable = (placed: Placed, reason: string, format: string): Unusable => ({
  placed,
  reason,
  error: `not readable as ${format}: ${reason.replaceAll('_', ' ')}`,
});

class LineReader implements RecordReader {
  readonly #name: TopicFormat;
  readonly #format: LineFormat;
  readonly #most: number;
  readonly #samples = new LineSamples();
  readonly #encoder = new LineRequestEncoder();

  constructor(name: TopicFormat, format: LineFormat, most: number) {
    this.#name = name;
    this.#format = format;
    this.#most = most;
  }

  read(records: readonly Placed[]): Made {
    const samples = this.#samples;
    const unusable: Unusable[] = [];
    samples.clear();
    for (const placed of records) {
      const { value } = placed.record;
      if (value === null) {
        unusable.push(unreadable(placed, 'no_value', this.#name));
        continue;
      }
      samples.take(value);
      const reason = this.#format.read(samples);
      if (reason) unusable.push(unreadable(placed, reason, this.#name));
    }
    const requests: MadeRequest[] = [];
    for (let from = 0; from < samples.count; from += this.#most) {
      const to = Math.min(samples.count, from + this.#most);
      const body = compress(this.#encoder.encode(samples, from, to));
      requests.push({ protocol: 2, body, samples: to - from });
    }
    return { requests, events: [], unusable, others: 0 };
  }
}

/** Records that are requests already; those that are not compressed are compressed. */
class RequestReader implements RecordReader {
  readonly #protocol: 1 | 2;
  readonly #decodedBytesMax: number;
  readonly #scratch = new Scratch();

  constructor(protocol: 1 | 2, decodedBytesMax: number) {
    this.#protocol = protocol;
    this.#decodedBytesMax = decodedBytesMax;
  }

  read(records: readonly Placed[]): Made {
    const requests: MadeRequest[] = [];
    const unusable: Unusable[] = [];
    for (const placed of records) {
      const { value } = placed.record;
      const body = value === null ? 'no_value' : this.#body(value);
      if (typeof body !== 'string') {
        requests.push({ protocol: this.#protocol, body, samples: 0, placed });
      } else unusable.push(unreadable(placed, body, `remote-write-${this.#protocol}`));
    }
    return { requests, events: [], unusable, others: 0 };
  }

  #body(value: Uint8Array): Uint8Array | string {
    // The first field of a bare request: series (1.0) or symbols (2.0).
    const tag = this.#protocol === 1 ? 0x0a : 0x22;
    try {
      const decoded = decompress(value, this.#decodedBytesMax, this.#scratch);
      if (decoded[0] === tag || decoded.length === 0) return value;
    } catch (error) {
      if (messageOf(error).includes('limit')) return 'body_too_large';
    }
    return value[0] === tag ? compress(value) : 'not_a_request';
  }
}
