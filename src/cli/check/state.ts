import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { settingsContent } from '../../config/content.ts';
import { snapshotsOf } from '../../config/layout.ts';
import { utf8 } from '../../core/bytes.ts';
import { messageOf, SeastateError } from '../../core/errors.ts';
import type { ModelDefinition } from '../../engine/model.ts';
import { PartitionState } from '../../engine/partition-state.ts';
import { sealedWhile } from '../../engine/runner/seal.ts';
import { snapshotStore } from '../../engine/runtime/embedded/runtime.ts';
import { loadChunks } from '../../engine/snapshot.ts';
import { type Unmet, unmatchedIn, unmatchedText } from '../../engine/unmatched.ts';
import { noDefinitions, stagesWith } from '../../processors/stages.ts';
import { definitionsIn } from '../../user-code/exports.ts';
import { originOfStack, originsIn } from '../../user-code/origins.ts';
import { urlOf } from '../../user-code/user-code.ts';
import type { LoadedProgram } from '../load-config.ts';

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
 * and puts these settings in force, in memory: nothing is written.
 */
export async function checkState(program: LoadedProgram): Promise<StateCheck> {
  const folder = snapshotsOf(program.config.process);
  const names = await readdir(join(folder, stage)).catch(() => []);
  const partitions = names.map(Number).filter((name) => Number.isInteger(name));
  const faults = new Set<string>();
  const states: Unmet[] = [];
  for (const partition of partitions.sort((a, b) => a - b)) {
    const stored = await snapshotStore(folder, stage, partition).newest(() => {});
    if (!stored) continue;
    const { state, found } = await loaded(program, partition, stored.chunks);
    for (const fault of found) faults.add(fault);
    if (state) states.push(state);
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

async function loaded(
  { code, config }: LoadedProgram,
  partition: number,
  chunks: readonly Uint8Array[],
): Promise<{ state?: Unmet; found: string[] }> {
  const { bundle } = code;
  const found: string[] = [];
  const told = (error: unknown): string => {
    if (!bundle) return messageOf(error);
    const place =
      error instanceof Error ? originOfStack(error.stack ?? '', urlOf(bundle), bundle) : '';
    return `${place && `${place}: `}${originsIn(messageOf(error), urlOf(bundle), bundle)}`;
  };
  const users = bundle ? definitionsIn(await import(urlOf(bundle))) : noDefinitions;
  // A model that cannot mend its state fails later, sample by sample: here it is a mistake.
  const models = users.models.map((model) =>
    watched(model, (error) => found.push(`model ${model.name}, upgrade: ${told(error)}`)),
  );
  try {
    const processors = stagesWith({ ...users, models })[stage]!;
    const setup = { stage, partition, partitions: 1, epoch: 0, targets: {} };
    const state = new PartitionState({ name: stage, processors }, setup);
    const content = settingsContent(config.settings);
    const value = utf8(JSON.stringify({ version: Number.MAX_SAFE_INTEGER, sha256: '', content }));
    sealedWhile(() => {
      loadChunks(chunks, state);
      state.apply({ offset: 0, timestamp: 0, headers: { kind: 'settings' }, value }, []);
    });
    return { state: state.unmatched(), found };
  } catch (error) {
    return { found: [...found, told(error)] };
  }
}

function watched(model: ModelDefinition, tell: (error: unknown) => void): ModelDefinition {
  const { upgrade } = model;
  if (!upgrade) return model;
  return {
    ...model,
    upgrade(...args) {
      try {
        upgrade(...args);
      } catch (error) {
        tell(error);
        throw error;
      }
    },
  };
}
