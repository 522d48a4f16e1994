import { nearest } from '../core/nearest.ts';
import type { ProcessorDefinition, SettingsFault } from '../engine/processor.ts';
import { sectionSchema } from '../engine/settings.ts';

/** What processors find wrong in their sections of `settings`; paths begin at the file's top. */
export function settingsFaults(
  stages: Readonly<Record<string, readonly ProcessorDefinition[]>>,
  settings: Readonly<Record<string, unknown>>,
): SettingsFault[] {
  const processors = Object.values(stages).flat();
  return [
    ...unknownOff(
      processors.map(({ name }) => name),
      settings,
    ),
    ...processors.flatMap((definition) => {
      const { name, check } = definition;
      const section = sectionSchema(definition)?.safeParse(settings[name]);
      if (!section?.success || !check) return [];
      return check(section.data).map(({ path, message }) => ({
        path: ['settings', name, ...path],
        message,
      }));
    }),
  ];
}

/** Switching off what is not there would go by unnoticed. */
function unknownOff(
  names: readonly string[],
  { disabled = [] }: { readonly disabled?: unknown },
): SettingsFault[] {
  return (disabled as readonly string[]).flatMap((name, i) => {
    if (names.includes(name)) return [];
    const near = nearest(name, names);
    const hint = near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`;
    return [{ path: ['settings', 'disabled', i], message: `no processor is ${name}; ${hint}` }];
  });
}
