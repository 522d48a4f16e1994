/**
 * The head of a snappy block (google/snappy, format_description.txt): a varint with the decoded
 * length. The elements behind it are read by decode-kernel.ts.
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
