import type { CliContext, TextStream } from './context.ts';
import { runCli } from './main.ts';

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line in this process, for tests: its exit code and what it wrote. */
export async function runOnce(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  options: {
    readonly signal?: AbortSignal;
    readonly nowMs?: number;
    readonly isTTY?: boolean;
  } = {},
): Promise<Outcome> {
  const text = { out: '', err: '' };
  const stream = (name: 'out' | 'err'): TextStream => ({
    write: (chunk, done) => {
      text[name] += chunk;
      done?.();
      return true;
    },
    ...(name === 'err' && options.isTTY && { isTTY: true }),
  });
  const [out, err] = [stream('out'), stream('err')];
  const context: CliContext = {
    process: { stdout: out, stderr: err, env },
    out,
    err,
    env,
    now: () => options.nowMs ?? Date.now(),
    signal: options.signal ?? new AbortController().signal,
    exit: { code: 0 },
  };
  const code = await runCli(args, context);
  return { code, ...text };
}
