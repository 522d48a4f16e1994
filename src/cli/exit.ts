import { ExitCode } from '@stricli/core';
import { SeastateError } from '../core/errors.ts';

/** The exit codes of every verb (docs/reference/cli.md). */
export const exitCodes = { ok: 0, problem: 1, usage: 2 } as const;

/** Of an error that a verb threw. */
export function exitCodeOf(error: unknown): number {
  const isUsage = error instanceof SeastateError && error.code === 'usage';
  return isUsage ? exitCodes.usage : exitCodes.problem;
}

/** stricli tells wrong usage and its own failures by negative numbers. */
export function normalExitCode(code: number | string | null | undefined): number {
  const number = Number(code ?? 0);
  if (number === ExitCode.UnknownCommand || number === ExitCode.InvalidArgument) {
    return exitCodes.usage;
  }
  return number < 0 ? exitCodes.problem : number;
}
