import { ConfigError } from '../config/load.ts';
import { openConfig } from '../config/open.ts';
import type { Config } from '../config/schema.ts';
import type { Sections } from '../config/settings.ts';
import { SeastateError } from '../core/errors.ts';
import { type CliContext, hasColor } from './context.ts';
import { type ConfigFlags, overridesOf } from './flags.ts';

export interface LoadedConfig {
  readonly config: Config;
  /** The file that it came from, if any. */
  readonly path: string | undefined;
  readonly sections: Sections;
}

/** The configuration of flags, environment and file. Throws what the user should read. */
export async function loadConfig(context: CliContext, flags: ConfigFlags): Promise<LoadedConfig> {
  const path = flags.config ?? (context.env['SEASTATE_CONFIG'] || undefined);
  const sections = await processorSections();
  try {
    const overrides = overridesOf(flags, context.env);
    const config = openConfig({ path, overrides, sections, env: context.env });
    return { config, path, sections };
  } catch (error) {
    if (!(error instanceof ConfigError) || !hasColor(context, context.err)) throw error;
    throw new SeastateError('config', error.withSnippets(), { cause: error });
  }
}

/** Settings that the processors declare, by processor; unknown keys are refused there too. */
export async function processorSections(): Promise<Sections> {
  const [{ ZodObject }, { stages }] = await Promise.all([
    import('zod'),
    import('../processors/stages.ts'),
  ]);
  const declared = Object.values(stages)
    .flat()
    .flatMap(({ name, settings, check }) => {
      if (!settings) return [];
      const strict = settings instanceof ZodObject ? settings.strict() : settings;
      const schema = strict.prefault({});
      if (!check) return [[name, schema] as const];
      const checked = schema.superRefine((value, context) => {
        for (const { path, message } of check(value)) {
          context.addIssue({ code: 'custom', path: [...path], message });
        }
      });
      return [[name, checked] as const];
    });
  return Object.fromEntries(declared);
}
