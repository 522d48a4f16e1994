import { SourceMap } from 'node:module';
import { join } from 'node:path';
import type { Bundle } from './bundle.ts';

/** A stack or message with its places in the bundle (at `url`) told as places in users' files. */
export function originsIn(text: string, url: string, { map, folder }: Bundle): string {
  const sourceMap = new SourceMap(JSON.parse(map));
  return text.split(url).reduce((before, after) => {
    const [whole, line, column] = /^:(\d+):(\d+)/.exec(after) ?? [];
    if (whole === undefined) return `${before}your code${after}`;
    const origin = sourceMap.findOrigin(Number(line), Number(column));
    if (!('fileName' in origin)) return `${before}your code${after}`;
    const file = join(folder, origin.fileName);
    return `${before}${file}:${origin.lineNumber}:${origin.columnNumber}${after.slice(whole.length)}`;
  });
}
