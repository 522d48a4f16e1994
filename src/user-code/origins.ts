import { SourceMap } from 'node:module';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bundle } from './bundle.ts';

/** The program's own folder: places in it are not users' files. */
const ownFolder = fileURLToPath(new URL('../..', import.meta.url));

export const isOurs = (path: string): boolean =>
  [`${ownFolder}src${sep}`, `${ownFolder}dist${sep}`].some((own) => path.startsWith(own));

/** A stack or message with its places in the bundle (at `url`) told as places in users' files. */
export function originsIn(text: string, url: string, bundle: Bundle): string {
  return text.split(url).reduce((before, after) => {
    const place = firstPlace.exec(after);
    const origin = place && originOf(place, bundle);
    if (!origin) return `${before}your code${after}`;
    return `${before}${origin}${after.slice(place[0].length)}`;
  });
}

/** The first place of a stack that is in a user's file, `file:line:column`; '' where none is. */
export function originOfStack(stack: string, url: string, bundle: Bundle): string {
  for (const after of stack.split(url).slice(1)) {
    const place = firstPlace.exec(after);
    const origin = place && originOf(place, bundle);
    if (origin && !isOurs(origin)) return origin;
  }
  return '';
}

const firstPlace = /^:(\d+):(\d+)/;

function originOf([, line, column]: RegExpExecArray, { map, folder }: Bundle): string | undefined {
  const origin = new SourceMap(JSON.parse(map)).findOrigin(Number(line), Number(column));
  if (!('fileName' in origin)) return undefined;
  return `${join(folder, origin.fileName)}:${origin.lineNumber}:${origin.columnNumber}`;
}
