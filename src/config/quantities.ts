import { z } from 'zod';
import { messageOf, SeastateError } from '../core/errors.ts';
import { parseDuration } from '../core/time.ts';

const sizeUnits: Record<string, number> = {
  B: 1,
  KB: 2 ** 10,
  MB: 2 ** 20,
  GB: 2 ** 30,
  TB: 2 ** 40,
};

/** Bytes of a size such as `512MB` (powers of two, as in Prometheus); a bare number is refused. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(B|[KMGT]i?B)$/.exec(text);
  if (!match) {
    throw new SeastateError('usage', `"${text}" is not a size: write it like 512MB or 20GB`);
  }
  return Math.round(Number(match[1]) * sizeUnits[match[2]!.replace('i', '')]!);
}

/** The shortest text that `parseSize` reads as `bytes`. */
export function formatSize(bytes: number): string {
  for (const unit of ['TB', 'GB', 'MB', 'KB']) {
    if (bytes > 0 && bytes % sizeUnits[unit]! === 0) return `${bytes / sizeUnits[unit]!}${unit}`;
  }
  return `${bytes}B`;
}

const durationUnits = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

/** The shortest text that `parseDuration` reads as `ms`. */
export function formatDuration(ms: number): string {
  let text = '';
  let left = ms;
  for (const [unit, length] of durationUnits) {
    const count = Math.floor(left / length);
    if (count > 0) text += `${count}${unit}`;
    left -= count * length;
  }
  return text === '' ? '0s' : text;
}

type Quantity = z.ZodPipe<z.ZodString, z.ZodTransform<number, string>>;

function quantity(kind: 'duration' | 'size', parse: (text: string) => number): Quantity {
  const example = kind === 'duration' ? '30s' : '512MB';
  const text = z.string({
    error: ({ input }) =>
      typeof input === 'number'
        ? `${input} needs a unit: write it like ${example}`
        : `expected a ${kind} such as ${example}`,
  });
  return text.meta({ kind }).transform((given, context) => {
    try {
      return parse(given);
    } catch (error) {
      context.addIssue(messageOf(error));
      return z.NEVER;
    }
  });
}

/** A duration with its unit; parsed: ms. */
export const duration = (): Quantity => quantity('duration', parseDuration);
/** A size with its unit; parsed: bytes. */
export const size = (): Quantity => quantity('size', parseSize);

/** A path; in a file it is relative to that file. Parsed: absolute, or as a flag gave it. */
export const path = (): z.ZodString => z.string().min(1).meta({ kind: 'path' });
/** A path of a file that must be there and be readable. */
export const readableFile = (): z.ZodString => z.string().min(1).meta({ kind: 'file' });
/** Text that is never shown. */
export const secret = (): z.ZodString => z.string().min(1).meta({ kind: 'secret' });
