import type { WriteColumns } from './columns.ts';
import type { WriteLimits } from './limits.ts';

/**
 * Reads a decompressed `io.prometheus.write.v2.Request` (remote write 2.0, rc.3 and rc.4) into
 * columns that point into `bytes`. Errors: as `decodeV1`.
 */
export declare function decodeV2(bytes: Uint8Array, limits: WriteLimits, into: WriteColumns): void;
