import { parentPort, workerData } from 'node:worker_threads';
import { SeastateError } from './core/errors.ts';
import type { ProcessorDefinition } from './engine/processor.ts';
import { processorsIn } from './engine/runner/bundle-module.ts';
import { serveProcess } from './engine/runner/process.ts';
import { Runner, type RunnerSetup } from './engine/runner/runner.ts';
import { sealGlobals } from './engine/runner/seal.ts';
import { serveThread } from './engine/runner/thread.ts';
import { stages } from './processors/stages.ts';

/**
 * The program inside every runtime: a worker thread (setup as workerData) or a child process
 * (setup as one JSON argument) that holds the processors of one stage.
 */
const setup = (parentPort ? workerData : JSON.parse(process.argv[2] ?? '{}')) as RunnerSetup;
sealGlobals();
const runner = new Runner({ name: setup.stage, processors: await processorsOf(setup) }, setup);
if (parentPort) serveThread(runner, parentPort);
else serveProcess(runner);

async function processorsOf({ stage, bundle }: RunnerSetup): Promise<ProcessorDefinition[]> {
  const own = stages[stage];
  if (!own) throw new SeastateError('stage_unknown', `there is no stage "${stage}"`);
  if (!bundle) return [...own];
  return [...own, ...processorsIn(await import(bundle.path))];
}
