import { encodeRequest, encodeRequestV1 } from '../../src/formats/remote-write/encode.ts';
import { compress } from '../../src/formats/snappy/snappy.ts';
import { entriesOf } from './fleet.ts';

export interface Requests {
  readonly samples: number;
  /** Requests that go over all series once, compressed. */
  readonly bodies: readonly Uint8Array[];
  readonly rawBytesPerSample: number;
  readonly snappyBytesPerSample: number;
}

/** One sample of each of `series` series of the fleet, `perRequest` in a request. */
export function requestsOf(protocol: 1 | 2, series: number, perRequest: number): Requests {
  const encode = protocol === 1 ? encodeRequestV1 : encodeRequest;
  const bodies: Uint8Array[] = [];
  let raw = 0;
  let compressed = 0;
  for (let from = 0; from < series; from += perRequest) {
    const to = Math.min(series, from + perRequest);
    const bytes = encode(entriesOf(from, to, 1_700_000_000_000));
    const body = compress(bytes);
    raw += bytes.length;
    compressed += body.length;
    bodies.push(body);
  }
  return {
    samples: series,
    bodies,
    rawBytesPerSample: raw / series,
    snappyBytesPerSample: compressed / series,
  };
}
