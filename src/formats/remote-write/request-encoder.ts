import type { Intake, IntakeResult } from './intake.ts';

/**
 * Collects chosen series entries of requests of both protocols into one remote write 2.0 request,
 * lossless: exact bits, exemplars, histograms verbatim, metadata, start times.
 */
export declare class RequestEncoder {
  constructor(intake: Intake);

  /** Adds entry `index` of the result that the Intake gave last: copies, keeps no reference. */
  add(result: IntakeResult, index: number): void;

  /** Samples and histograms so far. */
  readonly sampleCount: number;
  readonly seriesCount: number;
  /** Length of the request so far. */
  readonly byteLength: number;

  /** The request, not compressed, as bytes of their own; the encoder is empty afterwards. */
  finish(): Uint8Array;
}
