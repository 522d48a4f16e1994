import type { WriteColumns } from './columns.ts';
import type { WriteLimits } from './limits.ts';

/**
 * Reads a decompressed `prometheus.WriteRequest` (remote write 1.0) into columns that point into
 * `bytes`. Errors: `body_malformed` with offset and reason, `limit_exceeded` naming the limit.
 */
export declare function decodeV1(bytes: Uint8Array, limits: WriteLimits, into: WriteColumns): void;
