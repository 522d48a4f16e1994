import { ConfigError } from '../config/load.ts';
import { openConfig } from '../config/open.ts';
import type { Config } from '../config/schema.ts';
import type { Sections } from '../config/settings.ts';
import { SeastateError } from '../core/errors.ts';
import type { UserCode } from '../user-code/user-code.ts';
import { type CliContext, hasColor } from './context.ts';
import { type ConfigFlags, overridesOf } from './flags.ts';

export interface LoadedConfig {
  readonly config: Config;
  /** The file that it came from, if any. */
  readonly path: string | undefined;
  readonly sections: Sections;
  /** `settings:` as the user wrote them, without defaults. */
  readonly written: unknown;
  /** Where this text stands in `settings.<section>`, each as `file:line:column: path`. */
  placesOf(section: string, wanted: string): string[];
}

export interface LoadedProgram extends LoadedConfig {
  readonly code: UserCode;
}

/**
 * The configuration of flags, environment and file. Throws what the user should read. Whether
 * routes name models that there are is known with the code only: `loadProgram`.
 */
export async function loadConfig(context: CliContext, flags: ConfigFlags): Promise<LoadedConfig> {
  return (await load(context, flags)).loaded;
}

/** The same with users' code, for what runs it; `tries`: each model is tried. */
export async function loadProgram(
  context: CliContext,
  flags: ConfigFlags,
  options: { tries?: boolean } = {},
): Promise<LoadedProgram> {
  const { loaded, mistakes } = await load(context, flags);
  const { readUserCode } = await import('../user-code/user-code.ts');
  const { process, settings } = loaded.config;
  const code = await readUserCode(process, settings, options);
  const error = mistakes(code.problems, code.sections);
  if (error.problems.length > 0) throw readable(context, error);
  return { ...loaded, code };
}

async function load(context: CliContext, flags: ConfigFlags) {
  const path = flags.config ?? (context.env['SEASTATE_CONFIG'] || undefined);
  const sections = await processorSections();
  try {
    const overrides = overridesOf(flags, context.env);
    const place = { path, overrides, sections, env: context.env };
    const { config, written, mistakes, placesOf } = openConfig(place);
    return { loaded: { config, path, sections, written, placesOf }, mistakes };
  } catch (error) {
    throw error instanceof ConfigError ? readable(context, error) : error;
  }
}

/** With the lines around each mistake, where a person reads. */
function readable(context: CliContext, error: ConfigError): SeastateError {
  if (!hasColor(context, context.err)) return error;
  return new SeastateError('config', error.withSnippets(), { cause: error });
}

/** Settings that the processors declare, by processor; unknown keys are refused there too. */
export async function processorSections(): Promise<Sections> {
  const [{ sectionSchema }, { stages }] = await Promise.all([
    import('../engine/settings.ts'),
    import('../processors/stages.ts'),
  ]);
  const declared = Object.values(stages)
    .flat()
    .flatMap((definition) => {
      const schema = sectionSchema(definition);
      return schema ? [[definition.name, schema] as const] : [];
    });
  return Object.fromEntries(declared);
}
