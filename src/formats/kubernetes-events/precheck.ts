/**
 * Cheap test on bytes: may this record hold a Kubernetes event? All known shapes contain one of
 * these words, also when the event is a JSON string inside JSON (so without quotes). Platform
 * logs around the events are dropped here, before any parsing.
 */
const words = ['involvedObject', 'regarding', 'k8s.event.', 'eventrouter'].map((word) =>
  Buffer.from(word, 'latin1'),
);

export function mayHoldEvent(bytes: Uint8Array): boolean {
  const buffer = asBuffer(bytes);
  for (const word of words) if (buffer.indexOf(word) >= 0) return true;
  return false;
}

const newline = 10;

/**
 * Calls `found(start, end)` for every line of `bytes` that may hold an event, in order. Searches
 * the whole chunk for each word once, so lines without one cost no call.
 */
export function scanLines(bytes: Uint8Array, found: (start: number, end: number) => void): void {
  const buffer = asBuffer(bytes);
  const next = words.map((word) => positionOf(buffer, word, 0));
  for (;;) {
    const hit = Math.min(...next);
    if (hit === Number.POSITIVE_INFINITY) return;
    const start = buffer.lastIndexOf(newline, hit) + 1;
    const after = buffer.indexOf(newline, hit);
    const end = after < 0 ? buffer.length : after;
    found(start, end);
    for (let i = 0; i < words.length; i++) {
      if (next[i]! < end) next[i] = positionOf(buffer, words[i]!, end);
    }
  }
}

function positionOf(buffer: Buffer, word: Buffer, from: number): number {
  const at = buffer.indexOf(word, from);
  return at < 0 ? Number.POSITIVE_INFINITY : at;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
