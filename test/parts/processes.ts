import type { ChildProcess } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';

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

/** Ports that nobody listens on now, each another, for programs that cannot take 0. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = servers.map(async (server) => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  });
  const found = await Promise.all(ports);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return found;
}
