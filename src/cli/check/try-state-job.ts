import { utf8 } from '../../core/bytes.ts';
import { messageOf } from '../../core/errors.ts';
import type { ModelDefinition } from '../../engine/model.ts';
import { PartitionState } from '../../engine/partition-state.ts';
import { stackOf } from '../../engine/runner/sealed-stacks.ts';
import { loadChunks } from '../../engine/snapshot.ts';
import type { Unmet } from '../../engine/unmatched.ts';
import type { SettingsContent } from '../../log/telemetry.ts';
import { stagesWith } from '../../processors/stages.ts';
import { type BundleModule, definitionsIn } from '../../user-code/exports.ts';

export type TryingState = ReturnType<typeof open>;

/** Something that went wrong; `stack` names places in the bundle. */
export interface StateFault {
  /** Where, in words; '' where it is the state as a whole. */
  readonly where: string;
  readonly message: string;
  readonly stack: string;
}

/** Loads snapshots with this code, mending states of older versions, and puts settings in force. */
export function open(module: BundleModule) {
  const users = definitionsIn(module);
  return {
    tryState(
      stage: string,
      partition: number,
      chunks: readonly Uint8Array[],
      content: SettingsContent,
    ): { state?: Unmet; faults: StateFault[] } {
      const faults: StateFault[] = [];
      const told = new Set<string>();
      const tell = (where: string, error: unknown): void => {
        // One that fails on a series fails on many.
        const key = `${where}: ${messageOf(error)}`;
        if (told.has(key)) return;
        told.add(key);
        faults.push({ where, message: messageOf(error), stack: stackOf(error) });
      };
      // A model that cannot mend its state fails later, sample by sample: here it is a mistake.
      const models = users.models.map((model) =>
        watched(model, (error) => tell(`model ${model.name}, upgrade`, error)),
      );
      try {
        const processors = stagesWith({ ...users, models })[stage]!;
        const setup = { stage, partition, partitions: 1, epoch: 0, targets: {} };
        const state = new PartitionState({ name: stage, processors }, setup);
        const value = utf8(
          JSON.stringify({ version: Number.MAX_SAFE_INTEGER, sha256: '', content }),
        );
        loadChunks(chunks, state);
        state.apply({ offset: 0, timestamp: 0, headers: { kind: 'settings' }, value }, []);
        return { state: state.unmatched(), faults };
      } catch (error) {
        tell('', error);
        return { faults };
      }
    },
  };
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
