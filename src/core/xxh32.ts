/**
 * xxHash32 (https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md): the hash of the placement
 * rule, so its value may never change. Test vectors in docs/reference/placement.md.
 */
const prime1 = 0x9e3779b1;
const prime2 = 0x85ebca77;
const prime3 = 0xc2b2ae3d;
const prime4 = 0x27d4eb2f;
const prime5 = 0x165667b1;

const rotl = (x: number, r: number): number => (x << r) | (x >>> (32 - r));
const round = (acc: number, lane: number): number =>
  Math.imul(rotl((acc + Math.imul(lane, prime2)) | 0, 13), prime1);

/** xxh32 of `bytes[start, end)`, as an unsigned 32-bit number. */
export function xxh32(bytes: Uint8Array, seed = 0, start = 0, end = bytes.length): number {
  const length = end - start;
  let at = start;
  let hash: number;
  const lane = (i: number): number =>
    bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
  if (length >= 16) {
    let a = (seed + prime1 + prime2) | 0;
    let b = (seed + prime2) | 0;
    let c = seed | 0;
    let d = (seed - prime1) | 0;
    for (; at <= end - 16; at += 16) {
      a = round(a, lane(at));
      b = round(b, lane(at + 4));
      c = round(c, lane(at + 8));
      d = round(d, lane(at + 12));
    }
    hash = (rotl(a, 1) + rotl(b, 7) + rotl(c, 12) + rotl(d, 18)) | 0;
  } else {
    hash = (seed + prime5) | 0;
  }
  hash = (hash + length) | 0;
  for (; at <= end - 4; at += 4) {
    hash = Math.imul(rotl((hash + Math.imul(lane(at), prime3)) | 0, 17), prime4);
  }
  for (; at < end; at++) {
    hash = Math.imul(rotl((hash + Math.imul(bytes[at]!, prime5)) | 0, 11), prime1);
  }
  hash = Math.imul(hash ^ (hash >>> 15), prime2);
  hash = Math.imul(hash ^ (hash >>> 13), prime3);
  return (hash ^ (hash >>> 16)) >>> 0;
}
