import type { OwnSection } from '../config/load.ts';
import type { ModelDefinition } from '../engine/model.ts';
import type { SettingsFault } from '../engine/processor.ts';
import { stagesWith } from '../processors/stages.ts';
import { type BundleModule, definitionsIn, type Found, foundIn } from './exports.ts';
import { sectionsOf } from './sections.ts';
import { settingsFaults } from './settings-faults.ts';
import { type Fault, tryModel } from './try-model.ts';
import { tryUpgrade } from './try-upgrade.ts';

/** What a bundle holds, as far as the rest of the program must know. */
export interface Answer {
  readonly processors: readonly {
    readonly name: string;
    readonly version: number;
    readonly outputs: readonly string[];
    readonly file: string;
  }[];
  readonly models: readonly {
    readonly name: string;
    readonly version: number;
    readonly summary: string;
    readonly file: string;
  }[];
  /** Sections of settings of the processors here, and what is wrong in them. */
  readonly sections: readonly OwnSection[];
  /** Mistakes in settings, by path in the file. */
  readonly problems: readonly SettingsFault[];
  /** What went wrong when models were tried. */
  readonly faults: readonly Fault[];
}

export type Describing = ReturnType<typeof open>;

/** Loads a bundle, and with `tries` runs each model over made-up series. */
export function open(module: BundleModule, tell: (doing: string) => void) {
  const { processors, models } = foundIn(module);
  return {
    describe: (settings: Readonly<Record<string, unknown>>, tries: boolean): Answer => ({
      processors: processors.map(({ file, definition: { name, version, outputs } }) => ({
        name,
        version,
        outputs: [...outputs],
        file,
      })),
      models: models.map(({ file, definition: { name, version, summary } }) => ({
        name,
        version,
        summary,
        file,
      })),
      sections: sectionsOf(
        processors.map(({ definition }) => definition),
        settings,
      ),
      problems: settingsFaults(stagesWith(definitionsIn(module)), settings),
      faults: tries ? models.flatMap((found) => tried(found, tell)) : [],
    }),
  };
}

function tried(found: Found<ModelDefinition>, tell: (doing: string) => void): Fault[] {
  const faults = tryModel(found, tell);
  return faults.length > 0 ? faults : tryUpgrade(found, tell);
}
