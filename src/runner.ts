import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from './core/errors.ts';
import { serveProcess } from './engine/runner/process.ts';
import { Runner, type RunnerSetup } from './engine/runner/runner.ts';
import { sealGlobals } from './engine/runner/seal.ts';
import { sealModules } from './engine/runner/sealed-modules.ts';
import { stackOf } from './engine/runner/sealed-stacks.ts';
import { serveThread } from './engine/runner/thread.ts';
import { stageProcessors } from './stage-processors.ts';

/**
 * The program inside every runtime: a worker thread (setup as workerData) or a child process
 * (setup as one JSON argument) that holds the processors of one stage.
 */
const setup = (parentPort ? workerData : JSON.parse(process.argv[2] ?? '{}')) as RunnerSetup;
sealGlobals();
sealModules(setup.bundle?.path);
const users = setup.bundle ? await import(setup.bundle.path).catch(tell) : {};
const processors = stageProcessors(setup.stage, users);
const runner = new Runner({ name: setup.stage, processors }, setup);
if (parentPort) serveThread(runner, parentPort);
else serveProcess(runner);

/** Whoever runs us reads what is thrown: the error itself shows no calls any more. */
function tell(error: unknown): never {
  throw new Error(stackOf(error) || messageOf(error));
}
