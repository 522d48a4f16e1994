import { messageOf, SeastateError } from '../core/errors.ts';
import { stages } from '../processors/stages.ts';
import { type Bundle, bundleFiles, type UserFiles } from './bundle.ts';
import { type DescribeOptions, describeBundle } from './describe.ts';
import type { Answer } from './describe-job.ts';
import { originOfStack, originsIn } from './origins.ts';
import { settingsFaults } from './settings-faults.ts';

/** Users' code, bundled and known as far as the rest of the program must know it. */
export interface UserCode extends Answer {
  /** Undefined without files. */
  readonly bundle: Bundle | undefined;
}

/**
 * Bundles users' files, loads them as a runner would, in a sealed thread of their own, and asks
 * what they hold and what is wrong in `settings` (each processor's section by name). With `tries`
 * each model is run over made-up series. Error: `bundle_failed`, with file and line where known.
 */
export async function readUserCode(
  files: UserFiles,
  settings: Readonly<Record<string, unknown>>,
  options: DescribeOptions = {},
): Promise<UserCode> {
  if (files.processors.length === 0 && files.models.length === 0) {
    const problems = settingsFaults(stages, settings);
    const nothing = { bundle: undefined, processors: [], models: [], sections: [], faults: [] };
    return { ...nothing, problems };
  }
  const bundle = await bundleFiles(files);
  const url = urlOf(bundle);
  const plainSettings = JSON.parse(JSON.stringify(settings)) as typeof settings;
  try {
    const answer = await describeBundle(url, plainSettings, options);
    const faults = answer.faults.map((fault) => ({
      ...fault,
      message: originsIn(fault.message, url, bundle),
    }));
    return { bundle, ...answer, faults };
  } catch (error) {
    const place = error instanceof Error ? originOfStack(error.stack ?? '', url, bundle) : '';
    const message = originsIn(messageOf(error), url, bundle);
    const what = `your code cannot be loaded: ${place && `${place}: `}${message}`;
    throw new SeastateError('bundle_failed', what, { cause: error });
  }
}

/** Where a bundle can be imported from without a file. */
export const urlOf = ({ code }: Bundle): string =>
  `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
