/**
 * The snappy decoder in TypeScript that was tried first; the kernel of src/formats/snappy replaced
 * it. It copies by words of four bytes and may write `slack` bytes behind what is decoded.
 */
export const slack = 64;

/** Bytes of the varint at the head. */
function headLength(body: Uint8Array): number {
  let at = 0;
  while (body[at]! >= 0x80) at++;
  return at + 1;
}

/**
 * Decodes `body` into `out`, which has room for `length + slack` bytes. Returns false when the
 * block is broken: cut off, reaching before its start, or not of the length that it declares.
 */
export function decodeBlock(
  body: Uint8Array,
  from: DataView,
  out: Uint8Array,
  to: DataView,
  length: number,
): boolean {
  const end = body.length;
  let ip = headLength(body);
  let op = 0;
  while (ip < end) {
    const tag = body[ip++]!;
    let size: number;
    let offset: number;
    if ((tag & 3) === 0) {
      size = (tag >>> 2) + 1;
      if (size > 60) {
        const extra = size - 60;
        if (extra > end - ip) return false;
        size = 1;
        for (let k = 0; k < extra; k++) size += body[ip + k]! * 2 ** (8 * k);
        ip += extra;
      }
      if (size > end - ip || size > length - op) return false;
      if (size > 256 || ip + size + 4 > end) {
        out.set(body.subarray(ip, ip + size), op);
      } else {
        for (let k = 0; k < size; k += 4) to.setInt32(op + k, from.getInt32(ip + k, true), true);
      }
      ip += size;
      op += size;
      continue;
    }
    if ((tag & 3) === 1) {
      if (ip >= end) return false;
      size = ((tag >>> 2) & 7) + 4;
      offset = ((tag >>> 5) << 8) | body[ip]!;
      ip += 1;
    } else if ((tag & 3) === 2) {
      if (end - ip < 2) return false;
      size = (tag >>> 2) + 1;
      offset = from.getUint16(ip, true);
      ip += 2;
    } else {
      if (end - ip < 4) return false;
      size = (tag >>> 2) + 1;
      offset = from.getUint32(ip, true);
      ip += 4;
    }
    if (offset === 0 || offset > op || size > length - op) return false;
    if (offset >= 4) {
      const back = op - offset;
      for (let k = 0; k < size; k += 4) to.setInt32(op + k, to.getInt32(back + k, true), true);
    } else {
      for (let k = 0; k < size; k++) out[op + k] = out[op + k - offset]!;
    }
    op += size;
  }
  return op === length;
}
