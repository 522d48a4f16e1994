import type { ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createServer, type ListenOptions, type Server } from 'node:net';

/**
 * Ends a program that a test has started, by `signal`, and by SIGKILL where it is still there a
 * minute later. The code that it ended with; null by a signal. At once where it is gone already.
 */
export async function endProcess(
  child: ChildProcess | undefined,
  signal: NodeJS.Signals = 'SIGKILL',
): Promise<number | null> {
  if (!child || child.exitCode !== null || child.signalCode !== null) {
    return child?.exitCode ?? null;
  }
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
  const code = await exit;
  clearTimeout(timer);
  return code;
}

/**
 * Ports that nobody listens on now, each another, for programs that cannot take 0 or come back at
 * the same address. They are below those that the system gives to whoever asks for any, so that no
 * connection of another test takes one before its program does, or while it is away; and an
 * abstract socket keeps each from the test files beside this one, while this process lives.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = [];
  while (found.length < count) {
    const port = randomInt(10_000, 32_000);
    const lock = await listen({ path: `\0seastate-test-port-${port}` });
    const probe = lock && (await listen({ port, host: '127.0.0.1' }));
    if (probe) found.push(port);
    else lock?.close();
    await new Promise((resolve) => (probe ? probe.close(resolve) : resolve(undefined)));
  }
  return found;
}

/** A server that keeps no process alive; undefined where the address is taken. */
function listen(address: ListenOptions): Promise<Server | undefined> {
  const server = createServer().unref();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(address, () => resolve(server));
  });
}
