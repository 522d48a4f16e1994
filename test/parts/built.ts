import { existsSync } from 'node:fs';

/** What of a step of the set-up is used here: steps.mjs. */
interface Step {
  readonly product: string;
}

const setup = (file: string) =>
  import(new URL(`../../scripts/setup/${file}`, import.meta.url).href);
const { isStale } = (await setup('house.mjs')) as { isStale(step: Step): boolean };
const { webPage } = (await setup('web.mjs')) as { webPage: Step };
const { sparkJars } = (await setup('jars.mjs')) as { sparkJars: Step };

/**
 * Whether a product is there. Throws, before a test begins, where it was built of other sources:
 * such a test would fail after minutes, or pass and say nothing.
 */
function isBuilt(step: Step, how: string): boolean {
  if (isStale(step)) throw new Error(`${step.product} is older than its sources: ${how}`);
  return existsSync(step.product);
}

export const isPageBuilt = (): boolean => isBuilt(webPage, 'npm run build:web');
export const isBridgeBuilt = (): boolean =>
  isBuilt(sparkJars, 'rm -r spark/target; mvn -B -q -DskipTests -f spark/pom.xml package');
