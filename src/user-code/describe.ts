import { Worker } from 'node:worker_threads';
import { messageOf } from '../core/errors.ts';
import type { Answer, Question, Word } from './thread.ts';

/** A module or model that hangs is given up. */
const endsMs = 20_000;
/** MiB that loading and trying may take. */
const heapMiB = 512;

export interface DescribeOptions {
  /** Run each model over made-up series. */
  readonly tries?: boolean;
  /** To be done within, ms. */
  readonly deadlineMs?: number;
}

/**
 * Loads the bundle at `url` as a runner would, in a sealed thread of its own, and says what it
 * holds and what is wrong with it. Throws what the loading threw, and names a model that does not
 * end or takes all memory.
 */
export async function describeBundle(
  url: string,
  settings: Question['settings'],
  { tries = false, deadlineMs = endsMs }: DescribeOptions,
): Promise<Answer> {
  const worker = new Worker(new URL('./thread.ts', import.meta.url), {
    workerData: { url, settings, tries } satisfies Question,
    execArgv: ['--permission', '--allow-fs-read=*'],
    resourceLimits: { maxOldGenerationSizeMb: heapMiB },
  });
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  let doing = '';
  const fail = (what: string) => reject(new Error(doing === '' ? what : `${doing}: ${what}`));
  const timer = setTimeout(() => fail(`no end within ${deadlineMs / 1000} s`), deadlineMs);
  worker.on('message', (word: Word) => {
    doing = word.doing ?? '';
    if (word.answer) resolve(word.answer);
    else if (word.error) reject(Object.assign(new Error(), word.error));
  });
  worker.once('error', (error) => fail(messageOf(error)));
  worker.once('exit', () => fail('it ended without a word'));
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
