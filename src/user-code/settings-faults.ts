import type { ProcessorDefinition, SettingsFault } from '../engine/processor.ts';

/** What processors find wrong in their sections of `settings`; paths begin at the file's top. */
export function settingsFaults(
  stages: Readonly<Record<string, readonly ProcessorDefinition[]>>,
  settings: Readonly<Record<string, unknown>>,
): SettingsFault[] {
  return Object.values(stages)
    .flat()
    .flatMap(({ name, check }) => {
      const section = settings[name];
      if (section === undefined || !check) return [];
      return check(section).map(({ path, message }) => ({
        path: ['settings', name, ...path],
        message,
      }));
    });
}
