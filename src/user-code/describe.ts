import { Worker } from 'node:worker_threads';
import type { Answer, Question } from './thread.ts';

/** A module that hangs while it loads is given up. */
const deadlineMs = 20_000;

/**
 * Loads the bundle at `url` as a runner would, in a sealed thread of its own, and says what it
 * holds; with `tries` its models are run over made-up series. Throws what the loading threw.
 */
export async function describeBundle(
  url: string,
  settings: Question['settings'] = {},
  tries = false,
): Promise<Answer> {
  const worker = new Worker(new URL('./thread.ts', import.meta.url), {
    workerData: { url, settings, tries } satisfies Question,
    execArgv: ['--permission', '--allow-fs-read=*'],
  });
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const late = (): void => reject(new Error(`no answer in ${deadlineMs / 1000} s`));
  const timer = setTimeout(late, deadlineMs);
  worker.once('message', ({ answer, error }: { answer?: Answer; error?: string }) =>
    answer ? resolve(answer) : reject(new Error(error)),
  );
  worker.once('error', reject);
  worker.once('exit', () => reject(new Error('it ended without a word')));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

/** Topics that users' processors write to. */
export const topicsIn = ({ processors }: Answer): string[] => [
  ...new Set(processors.flatMap(({ outputs }) => outputs)),
];
