/**
 * The snappy block format (google/snappy, format_description.txt): a varint with the decoded
 * length, then literals and copies. Decoding copies by words of four bytes and may write up to
 * `slack` bytes behind what is decoded, so the output must have that room.
 */
export const slack = 64;

const hashBits = 14;
const blockSize = 1 << 16;
const positions = new Uint16Array(1 << hashBits);

/** Decoded length that a block declares, or -1 when its head is no varint of 32 bits. */
export function declaredLength(body: Uint8Array): number {
  let length = 0;
  for (let i = 0; i < 5 && i < body.length; i++) {
    const byte = body[i]!;
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return length < 2 ** 32 ? length : -1;
  }
  return -1;
}

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

/** Room that the encoding of `length` bytes needs at most. */
export function encodedBound(length: number): number {
  return 32 + length + Math.ceil(length / 6);
}

/** Encodes `bytes` into `out` (room: `encodedBound`) and returns the encoded length. */
export function encodeBlock(bytes: Uint8Array, out: Uint8Array): number {
  const from = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let op = 0;
  let rest = bytes.length;
  while (rest >= 0x80) {
    out[op++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  out[op++] = rest;
  for (let start = 0; start < bytes.length; start += blockSize) {
    op = encodeFragment(bytes, from, start, Math.min(start + blockSize, bytes.length), out, op);
  }
  return op;
}

/** Greedy matching within one fragment of at most 64 KiB, as the reference encoder does it. */
function encodeFragment(
  bytes: Uint8Array,
  from: DataView,
  start: number,
  end: number,
  out: Uint8Array,
  outAt: number,
): number {
  let op = outAt;
  let literal = start;
  const last = end - 15;
  if (start < last) {
    positions.fill(0);
    let ip = start + 1;
    let tries = 32;
    while (ip < last) {
      const word = from.getInt32(ip, true);
      const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - hashBits);
      const candidate = start + positions[slot]!;
      positions[slot] = ip - start;
      if (from.getInt32(candidate, true) !== word) {
        ip += tries++ >>> 5;
        continue;
      }
      if (ip > literal) op = writeLiteral(bytes, literal, ip, out, op);
      let size = 4;
      while (ip + size + 4 <= end) {
        const other = from.getInt32(candidate + size, true);
        const difference = from.getInt32(ip + size, true) ^ other;
        if (difference !== 0) {
          size += (31 - Math.clz32(difference & -difference)) >>> 3;
          break;
        }
        size += 4;
      }
      if (ip + size + 4 > end) {
        while (ip + size < end && bytes[candidate + size] === bytes[ip + size]) size++;
      }
      op = writeCopy(out, op, ip - candidate, size);
      ip += size;
      literal = ip;
      tries = 32;
      if (ip < last) {
        const before = from.getInt32(ip - 1, true);
        positions[Math.imul(before, 0x1e35a7bd) >>> (32 - hashBits)] = ip - 1 - start;
      }
    }
  }
  return literal < end ? writeLiteral(bytes, literal, end, out, op) : op;
}

function writeLiteral(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  outAt: number,
): number {
  let op = outAt;
  const size = end - start;
  const n = size - 1;
  if (n < 60) {
    out[op++] = n << 2;
  } else if (n < 0x100) {
    out[op++] = 60 << 2;
    out[op++] = n;
  } else {
    out[op++] = 61 << 2;
    out[op++] = n & 0xff;
    out[op++] = n >>> 8;
  }
  if (size <= 32) {
    for (let k = 0; k < size; k++) out[op + k] = bytes[start + k]!;
  } else {
    out.set(bytes.subarray(start, end), op);
  }
  return op + size;
}

function writeCopy(out: Uint8Array, outAt: number, offset: number, length: number): number {
  let op = outAt;
  let size = length;
  while (size >= 68) {
    op = writeCopy2(out, op, offset, 64);
    size -= 64;
  }
  if (size > 64) {
    op = writeCopy2(out, op, offset, 60);
    size -= 60;
  }
  if (size >= 12 || offset >= 2048) return writeCopy2(out, op, offset, size);
  out[op++] = ((offset >>> 8) << 5) | ((size - 4) << 2) | 1;
  out[op++] = offset & 0xff;
  return op;
}

function writeCopy2(out: Uint8Array, op: number, offset: number, size: number): number {
  out[op] = ((size - 1) << 2) | 2;
  out[op + 1] = offset & 0xff;
  out[op + 2] = offset >>> 8;
  return op + 3;
}
