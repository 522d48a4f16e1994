// Makes a fresh checkout ready: `node scripts/setup.mjs start` or `... test`; run by npm before
// `npm start` and `npm test`; `kubernetes`, by hand, also builds an API server for its tests. Plain
// JavaScript without dependencies, for any Node from 20 on.
// At once when there is nothing to do. `--retry` tries again what was skipped after a failure.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { cacheFolder, lockSetup, note, readSkip, skipFile } from './setup/house.mjs';
import { stepsFor } from './setup/steps.mjs';

const purpose = process.argv[2];
if (!['start', 'test', 'kubernetes'].includes(purpose)) {
  console.error('usage: node scripts/setup.mjs start|test|kubernetes [--retry]');
  process.exit(2);
}
const retry = process.argv.includes('--retry');

const isNeeded = (step) => !step.isDone() && (retry || !readSkip(step.name));

if (stepsFor(purpose).some(isNeeded)) {
  mkdirSync(cacheFolder, { recursive: true });
  const unlock = await lockSetup();
  try {
    await runAll(stepsFor(purpose));
  } finally {
    unlock();
  }
}

/** Runs steps side by side, each after those that it names in `after`. */
async function runAll(steps) {
  const started = performance.now();
  const running = new Map();
  for (const step of steps) {
    const before = (step.after ?? []).map((name) => running.get(name));
    running.set(
      step.name,
      Promise.all(before).then((oks) => (oks.includes(false) ? false : runStep(step))),
    );
  }
  const oks = await Promise.all(running.values());
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  if (oks.includes(false)) {
    note(`not ready after ${seconds} s: see above for what is missing`);
    process.exitCode = 1;
  } else note(`ready after ${seconds} s`);
}

/** Resolves to whether what depends on the step may go on. */
async function runStep(step) {
  // Asked only now: a step before it may have undone this one, as npm ci does.
  if (!isNeeded(step)) return true;
  const started = performance.now();
  note(`${step.name}: ${step.what} ...`);
  const alive = setInterval(() => {
    note(`${step.name}: still at it, ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }, 20_000);
  try {
    await step.run();
    rmSync(skipFile(step.name), { force: true });
    note(`${step.name}: done in ${((performance.now() - started) / 1000).toFixed(1)} s`);
    return true;
  } catch (error) {
    const lines = [`${step.name}: ${error.message}`, `  how to get it: ${step.help}`];
    if (step.optional) {
      lines.push('  going on without it: the tests that need it are skipped');
      // Only work that was really tried is remembered; a missing tool may come at any moment.
      if (error.tried) writeFileSync(skipFile(step.name), error.message);
    }
    note(lines.join('\n'));
    return step.optional === true;
  } finally {
    clearInterval(alive);
  }
}
