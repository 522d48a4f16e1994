import type { StatusData } from './status-schema.ts';

/** What is wrong with such a processor, for people. */
export const defaultedText = (processor: string): string =>
  `${processor} runs on its defaults: it cannot read the settings in force, which another version ` +
  'of the program took; mend them and raise their version';

/** What a partition tells of it. */
type Told = Pick<StatusData, 'stage' | 'settings_version' | 'defaulted'>;

/** Says of each processor that runs on its defaults, once for each version of the settings. */
export class DefaultedWatch {
  readonly #tell: (stage: string, processor: string) => void;
  /** The newest version of which it was told, by processor. */
  readonly #told = new Map<string, number>();

  constructor(tell: (stage: string, processor: string) => void) {
    this.#tell = tell;
  }

  take({ stage, settings_version, defaulted = [] }: Told): void {
    for (const processor of defaulted) {
      const told = this.#told.get(processor);
      // Another partition may stand at the version before.
      if (told !== undefined && told >= settings_version) continue;
      this.#told.set(processor, settings_version);
      this.#tell(stage, processor);
    }
  }
}
