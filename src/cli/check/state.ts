import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { settingsContent } from '../../config/content.ts';
import { snapshotsOf } from '../../config/layout.ts';
import { SeastateError } from '../../core/errors.ts';
import { snapshotStore } from '../../engine/runtime/embedded/runtime.ts';
import { type Unmet, unmatchedIn, unmatchedText } from '../../engine/unmatched.ts';
import { originOfStack, originsIn } from '../../user-code/origins.ts';
import { likeRunner, Sealed } from '../../user-code/sealed.ts';
import { urlOf } from '../../user-code/user-code.ts';
import type { LoadedProgram } from '../load-config.ts';
import type { StateFault, TryingState } from './try-state-job.ts';

const stage = 'cluster';

/** What the newest snapshots of a data folder say of a program that is to go on with them. */
export interface StateCheck {
  readonly partitions: number;
  /** What cannot go on: states that cannot be taken over, with file and line of users' code. */
  readonly faults: readonly string[];
  /** What no series there matches, with places. */
  readonly warnings: readonly string[];
}

/**
 * Loads the newest snapshot of every partition with this code, mending states of older versions,
 * and puts these settings in force, in a sealed thread: nothing is written.
 */
export async function checkState(program: LoadedProgram): Promise<StateCheck> {
  const { config, code } = program;
  const folder = snapshotsOf(config.process);
  const names = await readdir(join(folder, stage)).catch(() => []);
  const partitions = names.map(Number).filter((name) => Number.isInteger(name));
  const content = settingsContent(config.settings);
  const faults = new Set<string>();
  const states: Unmet[] = [];
  const job = new URL('./try-state-job.ts', import.meta.url);
  const bundle = code.bundle && urlOf(code.bundle);
  const sealed = await Sealed.open<TryingState>(job, bundle, likeRunner);
  try {
    for (const partition of partitions.sort((a, b) => a - b)) {
      const stored = await snapshotStore(folder, stage, partition).newest(() => {});
      if (!stored) continue;
      const tried = await sealed.call('tryState', stage, partition, stored.chunks, content);
      for (const fault of tried.faults) faults.add(faultText(fault, program));
      if (tried.state) states.push(tried.state);
    }
  } finally {
    await sealed.end();
  }
  if (states.length === 0 && faults.size === 0) {
    throw new SeastateError('usage', `there is no snapshot below ${join(folder, stage)}`);
  }
  const warnings = unmatchedIn(states).map((one) => {
    const places = program.placesOf(one.processor, one.selector);
    const where = places.length > 0 ? places.join(', ') : `processor ${one.processor}`;
    return `${where}: ${unmatchedText(one)}`;
  });
  return { partitions: states.length, faults: [...faults], warnings };
}

/** With the place in the users' file, where there is one. */
function faultText({ where, message, stack }: StateFault, { code }: LoadedProgram): string {
  const told = where === '' ? '' : `${where}: `;
  const { bundle } = code;
  if (!bundle) return `${told}${message}`;
  const place = originOfStack(stack, urlOf(bundle), bundle);
  return `${told}${place && `${place}: `}${originsIn(message, urlOf(bundle), bundle)}`;
}
