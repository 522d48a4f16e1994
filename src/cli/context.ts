import type { CommandContext, StricliProcess } from '@stricli/core';
import { messageOf, SeastateError } from '../core/errors.ts';
import { pathFault } from '../core/unreadable.ts';

/** A stream for text that may be a terminal. */
export interface TextStream {
  write(text: string, done?: () => void): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  getColorDepth?(env?: Readonly<Partial<Record<string, string>>>): number;
}

/** What a verb sees of the world: data goes to `out`, talk to `err`. */
export interface CliContext extends CommandContext {
  readonly process: StricliProcess;
  readonly out: TextStream;
  readonly err: TextStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** ms since the epoch. */
  readonly now: () => number;
  /** Aborts when the user or the system asks the program to end. */
  readonly signal: AbortSignal;
  /** The exit code of a verb that ended well enough not to throw. */
  readonly exit: { code: number };
}

/** A line of talk. */
export function say(context: CliContext, text: string): void {
  context.err.write(`${text}\n`);
}

/** The same for a person who waits: not where a program reads. */
export function sayMeanwhile(context: CliContext, text: string): void {
  if (context.err.isTTY === true) say(context, text);
}

/** Whether color may be used on a stream: a terminal, and NO_COLOR not set. */
export function hasColor(context: CliContext, stream: TextStream): boolean {
  return stream.isTTY === true && !context.env['NO_COLOR'];
}

/** What the user reads when a verb fails: our own errors as they are, defects with their stack. */
export function describeError(error: unknown): string {
  if (error instanceof SeastateError && error.code !== 'invariant') return error.message;
  const fault = pathFault(error);
  if (fault !== undefined) return fault;
  return error instanceof Error ? (error.stack ?? messageOf(error)) : messageOf(error);
}
