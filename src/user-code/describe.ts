import type { Answer, Describing } from './describe-job.ts';
import { Sealed } from './sealed.ts';

export interface DescribeOptions {
  /** Run each model over made-up series. */
  readonly tries?: boolean;
  /** Loading, and each trial, are given up after this, ms. */
  readonly deadlineMs?: number;
}

/**
 * Loads the bundle at `url` as a runner would, in a sealed thread of its own, and says what it
 * holds and what is wrong with it. Throws what the loading threw, and names a model that does not
 * end or takes all memory.
 */
export async function describeBundle(
  url: string,
  settings: Readonly<Record<string, unknown>>,
  { tries = false, deadlineMs = 20_000 }: DescribeOptions,
): Promise<Answer> {
  const job = new URL('./describe-job.ts', import.meta.url);
  const limits = { deadlineMs, heapMiB: 512, buffersMiB: 512 };
  const sealed = await Sealed.open<Describing>(job, url, limits);
  try {
    return await sealed.call('describe', settings, tries);
  } finally {
    await sealed.end();
  }
}

/** Topics that users' processors write to. */
export const topicsIn = ({ processors }: Answer): string[] => [
  ...new Set(processors.flatMap(({ outputs }) => outputs)),
];
