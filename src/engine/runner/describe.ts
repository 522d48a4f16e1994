import { parentPort, Worker, workerData } from 'node:worker_threads';
import { messageOf, SeastateError } from '../../core/errors.ts';
import { processorsIn } from './bundle-module.ts';
import { sealGlobals } from './seal.ts';

/** What a bundle holds, as far as the rest of the program must know. */
export interface ProcessorInfo {
  readonly name: string;
  readonly version: number;
  readonly outputs: readonly string[];
}

/** Loads a bundle as a runner would, in a thread of its own, and says what it holds. */
export async function describeBundle(path: string): Promise<ProcessorInfo[]> {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { describe: path },
    execArgv: ['--permission', '--allow-fs-read=*'],
  });
  const { promise, resolve, reject } = Promise.withResolvers<ProcessorInfo[]>();
  worker.once('message', resolve);
  worker.once('error', reject);
  worker.once('exit', () => reject(new Error('it ended without a word')));
  try {
    return await promise;
  } catch (error) {
    throw new SeastateError('bundle_failed', `processors cannot be loaded: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    await worker.terminate();
  }
}

if (parentPort && workerData?.describe) {
  sealGlobals();
  const processors = processorsIn(await import(workerData.describe));
  parentPort.postMessage(
    processors.map(({ name, version, outputs }) => ({ name, version, outputs: [...outputs] })),
  );
}
