import type { Scratch } from './snappy.ts';

/** Values of the record header `encoding`. */
export const bodyEncodings = ['snappy', 'zstd'] as const;
export type BodyEncoding = (typeof bodyEncodings)[number];

/**
 * Decompresses a record's value as its header `encoding` says. Returns a view of `into`.
 * Errors: `body_too_large` (more than `maxBytes` decoded), `body_not_snappy`, `body_not_zstd`,
 * `encoding_unknown`.
 */
export declare function decodeBody(
  encoding: string,
  value: Uint8Array,
  maxBytes: number,
  into: Scratch,
): Uint8Array;

/** Compresses a record's value: bytes of their own. */
export declare function encodeBody(encoding: BodyEncoding, value: Uint8Array): Uint8Array;
