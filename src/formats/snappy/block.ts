/**
 * The head of a snappy block (google/snappy, format_description.txt): a varint with the decoded
 * length. The elements behind it are read and written by the kernels.
 */

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

/** Bytes of the head, which `declaredLength` has found to be good. */
export function headLength(body: Uint8Array): number {
  let at = 0;
  while (body[at]! >= 0x80) at++;
  return at + 1;
}

/** Writes the head and returns the address behind it. */
export function writeHead(out: Uint8Array, length: number): number {
  let at = 0;
  let rest = length;
  while (rest >= 0x80) {
    out[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  out[at++] = rest;
  return at;
}

/** Room that the encoding of `length` bytes needs at most, head included. */
export function encodedBound(length: number): number {
  return 32 + length + Math.ceil(length / 6);
}
