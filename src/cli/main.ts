import { run } from '@stricli/core';
import { app } from './app.ts';
import type { CliContext } from './context.ts';
import { normalExitCode } from './exit.ts';

/** The command line: bin/seastate calls it with what stands behind the program's name. */
export async function main(args: readonly string[]): Promise<void> {
  quietOnClosedPipe(process.stdout);
  quietOnClosedPipe(process.stderr);
  const context: CliContext = {
    process: process as CliContext['process'],
    out: process.stdout,
    err: process.stderr,
    env: process.env,
    now: Date.now,
    signal: endSignal(),
    exit: { code: 0 },
  };
  process.exitCode = await runCli(args, context);
  endAlways();
}

/**
 * Where a library leaves something open (a request to brokers that do not answer), the program
 * ends all the same, once what it has said is out.
 */
function endAlways(): void {
  const isOut = (): boolean => process.stdout.writableLength + process.stderr.writableLength === 0;
  setInterval(() => isOut() && process.exit(), 100).unref();
}

/** Runs one command line in `context`; resolves to its exit code. */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  // stricli sets `exitCode` of the process that it is given.
  const result: { exitCode?: number | string | null } = {};
  const { process } = context;
  const own = Object.create(process, {
    exitCode: {
      get: () => result.exitCode,
      set: (code: number) => {
        result.exitCode = code;
      },
    },
  }) as CliContext['process'];
  await run(app, args, { ...context, process: own });
  return normalExitCode(result.exitCode) || context.exit.code;
}

/** `seastate ... | head` ends with the reader, without a word. */
function quietOnClosedPipe(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

/** A second signal that follows at once is the same one: npm and the terminal both send it. */
const sameSignalMs = 300;

/** Aborts at the first SIGINT or SIGTERM; a second one ends the process there and then. */
function endSignal(): AbortSignal {
  const ending = new AbortController();
  let firstAt = 0;
  const onSignal = (name: 'SIGINT' | 'SIGTERM'): void => {
    if (!ending.signal.aborted) {
      firstAt = performance.now();
      ending.abort(name);
    } else if (performance.now() - firstAt > sameSignalMs) {
      process.exit(name === 'SIGINT' ? 130 : 143);
    }
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return ending.signal;
}
