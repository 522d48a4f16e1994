import { ConfigError, readYaml } from '../../config/load.ts';
import { formatPath, type Problem } from '../../config/problem.ts';
import { Source } from '../../config/source.ts';
import { faultsOf } from '../../processors/events/catalogue.ts';
import { catalogueSchema, type Family } from '../../processors/events/rule.ts';
import { readNamed } from '../files.ts';

/**
 * A file of rules: one family, as it stands in `settings.events.rules`. Throws `usage` when it
 * cannot be read, ConfigError with `file:line:col: path: what` of every fault.
 */
export async function readRules(name: string): Promise<Family> {
  const text = (await readNamed(name)).toString();
  const input = { file: { name, text }, env: {}, readFile: () => '', resolve: (p: string) => p };
  const family = readYaml(input, catalogueSchema);
  const source = new Source(name, text);
  const problems = faultsOf([family]).map(({ path, message }): Problem => {
    const own = path.slice(1);
    return { source: name, place: source.placeOfValue(own), path: formatPath(own), message };
  });
  if (problems.length > 0) throw new ConfigError(problems, text);
  return family;
}
