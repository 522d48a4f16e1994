import { HeldState } from '../../engine/held-state.ts';
import type { Position } from '../../engine/position.ts';
import { type RestingState, rekeyedState } from '../../engine/rekey.ts';
import { saveChunks } from '../../engine/snapshot.ts';
import type { StageSetup } from '../../engine/stage.ts';
import type { SettingsValue } from '../../log/telemetry.ts';
import { stageProcessors } from '../../stage-processors.ts';
import type { BundleModule } from '../../user-code/exports.ts';

export type RekeyJob = ReturnType<typeof open>;

/** Read before the globals are sealed. */
const { version: node, arch } = process;

/** Divides the states of all partitions of one log over those of another. */
export function open(users: BundleModule) {
  const resting: RestingState[] = [];
  const stageOf = (name: string) => ({ name, processors: stageProcessors(name, users) });
  return {
    /** The next partition; returns the settings in force there. */
    load(
      setup: Omit<StageSetup, 'epoch'>,
      position: Position,
      chunks: readonly Uint8Array[],
    ): SettingsValue {
      const { state } = new HeldState(stageOf(setup.stage), setup, position, chunks);
      resting.push({ partition: setup.partition, state });
      return state.settings;
    },
    /** Snapshot of a partition of the other log. */
    divide(setup: StageSetup, bundle: string): readonly Uint8Array[] {
      const { stage, partition, partitions } = setup;
      const state = rekeyedState(resting, stageOf(stage), setup);
      const settings = state.settings.version;
      return saveChunks({ stage, partition, partitions, node, arch, bundle, settings }, state);
    },
  };
}
