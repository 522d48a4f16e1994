import { SeastateError } from '../../../core/errors.ts';

const lineFeed = 0x0a;

/**
 * The whole lines of each piece of a body as it comes. A line without end is cut off: one of more
 * than twice `bytesMax` throws `kubernetes_unavailable`, so that the watch begins anew.
 */
export async function* linesOf(
  body: AsyncIterable<Uint8Array>,
  bytesMax: number,
): AsyncGenerator<Buffer[]> {
  let rest: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    const end = chunk.lastIndexOf(lineFeed);
    if (end < 0) {
      rest.push(chunk);
      size += chunk.length;
      if (size > 2 * bytesMax) throw tooLong(size);
      continue;
    }
    const whole = Buffer.concat([...rest, chunk.subarray(0, end)]);
    rest = [chunk.subarray(end + 1)];
    size = rest[0]!.length;
    yield cut(whole);
  }
}

function cut(whole: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < whole.length; ) {
    const feed = whole.indexOf(lineFeed, start);
    const end = feed < 0 ? whole.length : feed;
    if (end > start) lines.push(whole.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

const tooLong = (size: number): SeastateError =>
  new SeastateError('kubernetes_unavailable', `a line of a watch has more than ${size} bytes`, {
    retry: 'later',
  });
