import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { messageOf, SeastateError } from '../../core/errors.ts';
import { compress, decompress, type Scratch, tooLarge } from './snappy.ts';

/** Values of the record header `encoding`. */
export const bodyEncodings = ['snappy', 'zstd'] as const;
export type BodyEncoding = (typeof bodyEncodings)[number];

/**
 * Decompresses a record's value as its header `encoding` says. The result is valid until the next
 * use of `into`. Errors: `body_too_large` (more than `maxBytes` decoded), `body_not_snappy`,
 * `body_not_zstd`, `encoding_unknown`.
 */
export function decodeBody(
  encoding: string,
  value: Uint8Array,
  maxBytes: number,
  into: Scratch,
): Uint8Array {
  if (encoding === 'snappy') return decompress(value, maxBytes, into);
  if (encoding === 'zstd') return decompressZstd(value, maxBytes);
  throw new SeastateError(
    'encoding_unknown',
    `the encoding "${encoding}" is unknown: it must be one of ${bodyEncodings.join(', ')}`,
  );
}

/** Compresses a record's value: bytes of their own. */
export function encodeBody(encoding: BodyEncoding, value: Uint8Array): Uint8Array {
  if (encoding === 'snappy') return compress(value);
  return zstdCompressSync(value, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
}

function decompressZstd(value: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return zstdDecompressSync(value, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw tooLarge(maxBytes + 1, maxBytes);
    }
    throw new SeastateError('body_not_zstd', `the body is not zstd: ${messageOf(error)}`);
  }
}
