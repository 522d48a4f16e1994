import type { SeriesExplanation } from '../engine/explain.ts';
import { HeldState } from '../engine/held-state.ts';
import type { Position } from '../engine/position.ts';
import type { Standing } from '../engine/runtime/rebuild.ts';
import type { StageSetup } from '../engine/stage.ts';
import type { LogRecord } from '../log/log.ts';
import { stageProcessors } from '../stage-processors.ts';
import type { BundleModule } from '../user-code/exports.ts';
import { distinctSeries } from './explain/distinct.ts';

export type HeldStateJob = ReturnType<typeof open>;

/** Holds the state of one partition. */
export function open(users: BundleModule) {
  let held: HeldState;
  const standing = (): Standing => {
    const { position, state } = held;
    return { position, logTime: state.logTime, settings: state.settings.version };
  };
  return {
    /** `watched`: processors keep what they find of series that match one of these from now on. */
    load(
      setup: Omit<StageSetup, 'epoch'>,
      position: Position,
      chunks: readonly Uint8Array[],
      watched: readonly string[],
    ): Standing {
      const { stage } = setup;
      const processors = stageProcessors(stage, users);
      held = new HeldState({ name: stage, processors }, setup, position, chunks);
      if (watched.length > 0) held.state.watch(watched);
      return standing();
    },
    /** What comes out is in the log already. */
    take(records: readonly LogRecord[]): Standing {
      for (const record of records) held.take(record, []);
      return standing();
    },
    save: (bundle: string): readonly Uint8Array[] => held.save(bundle),
    explain: (selectors: readonly string[], max: number): SeriesExplanation[] =>
      distinctSeries(held.state, selectors, max),
  };
}
