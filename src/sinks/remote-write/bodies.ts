import { matchLabels, parseSelector } from '../../core/matchers.ts';
import { WriteColumns } from '../../formats/remote-write/columns.ts';
import { decodeV1 } from '../../formats/remote-write/decode-v1.ts';
import { decodeV2 } from '../../formats/remote-write/decode-v2.ts';
import { Intake } from '../../formats/remote-write/intake.ts';
import { recordLimits } from '../../formats/remote-write/limits.ts';
import { RequestEncoder } from '../../formats/remote-write/request-encoder.ts';
import { RequestEncoderV1 } from '../../formats/remote-write/request-encoder-v1.ts';
import { decodeBody, encodeBody } from '../../formats/snappy/body-encoding.ts';

const decodedBytesMax = 256 * 2 ** 20;
/** Series that are remembered between requests; beyond, all are learnt again. */
const knownSeriesMax = 500_000;

/** A record of kind `samples`: a remote write 2.0 request, compressed as `encoding` says. */
export interface SamplesRecord {
  /** 1 where it is a request of 1.0. */
  readonly protocol?: 1 | 2;
  readonly encoding: string;
  readonly value: Uint8Array;
}

/**
 * Series whose number, in order of their first entry in the request, is `rest` modulo `modulus`.
 */
export interface Share {
  readonly modulus: number;
  readonly rest: number;
}

/** The body of a request. */
export interface Body {
  /** Snappy. */
  readonly bytes: Uint8Array;
  /** Samples and histograms. */
  readonly samples: number;
  readonly series: number;
  /** Histograms that protocol 1 cannot carry. */
  readonly dropped: number;
}

const everything: Share = { modulus: 1, rest: 0 };

/** Makes bodies of requests of either protocol from records of samples. */
export class BodyMaker {
  readonly #columns = new WriteColumns();
  readonly #intake: Intake;
  readonly #v1: RequestEncoderV1;
  readonly #v2: RequestEncoder;
  readonly #takesAll: boolean;

  /** Of series that match `select`, when given. Errors: `usage` on a bad selector. */
  constructor(select?: string, seriesMax: number = knownSeriesMax) {
    const matchers = select === undefined ? undefined : parseSelector(select);
    this.#takesAll = matchers === undefined;
    this.#intake = new Intake({
      clusterLabels: [],
      limits: recordLimits,
      seriesMax,
      ...(matchers && {
        keep: (labels) => {
          const byName = new Map(labels);
          return matchLabels(matchers, (name) => byName.get(name));
        },
      }),
    });
    this.#v1 = new RequestEncoderV1(this.#intake);
    this.#v2 = new RequestEncoder(this.#intake);
  }

  /**
   * One request of these records, in their order; of protocol 2 a record of its own stays as it
   * stands. Errors: as `decodeBody` and `decodeV2`, when a record is broken.
   */
  make(records: readonly SamplesRecord[], protocol: 1 | 2, share: Share = everything): Body {
    try {
      return this.#make(records, protocol, share);
    } catch (error) {
      // What was added of the others must not stand before the next.
      (protocol === 1 ? this.#v1 : this.#v2).finish();
      throw error;
    }
  }

  #make(records: readonly SamplesRecord[], protocol: 1 | 2, share: Share): Body {
    const encoder = protocol === 1 ? this.#v1 : this.#v2;
    const c = this.#columns;
    let samples = 0;
    let taken = 0;
    // Of this request alone: those of the intake change when it forgets.
    const numbers = new Map<number, number>();
    for (const { encoding, value, protocol: own = 2 } of records) {
      const decode = own === 1 ? decodeV1 : decodeV2;
      decode(decodeBody(encoding, value, decodedBytesMax, c.scratch), recordLimits, c);
      const result = this.#intake.read(c);
      const isWhole = this.#takesAll && result.passThrough && share.modulus === 1;
      if (isWhole && protocol === 2 && records.length === 1 && encoding === 'snappy') {
        const total = c.sampleCount + c.histogramCount;
        return { bytes: value, samples: total, series: result.length, dropped: 0 };
      }
      for (let i = 0; i < result.length; i++) {
        if (result.kept[i] === 0) continue;
        const known = numbers.get(result.series[i]!);
        const number = known ?? numbers.size;
        if (known === undefined) numbers.set(result.series[i]!, number);
        if (number % share.modulus !== share.rest) continue;
        if (known === undefined) taken++;
        encoder.add(result, i);
        samples += c.sampleFrom[i + 1]! - c.sampleFrom[i]!;
        samples += c.histogramFrom[i + 1]! - c.histogramFrom[i]!;
      }
    }
    const dropped = protocol === 1 ? this.#v1.dropped : 0;
    const bytes = encodeBody('snappy', encoder.finish());
    return { bytes, samples: samples - dropped, series: taken, dropped };
  }
}
