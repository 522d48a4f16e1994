// The list of what a fresh checkout needs. A step:
//   name, what     shown as progress
//   isDone()       whether there is nothing to do: at once, without starting programs
//   run()          does it; throws an Error that says what is missing
//   help           how to get what is missing
//   product, sources?  a file that it builds, and of what: isStale in house.mjs
//   after?         names of steps that are run before, and must have gone well
//   optional?      a failure is told, and the tests that need it are skipped
import { chromium } from './chromium.mjs';
import { kafkaJars, sparkJars } from './jars.mjs';
import { kubernetes } from './kubernetes.mjs';
import { npmPackages, pinnedNode } from './npm.mjs';
import { prometheus3, prometheusDebian } from './prometheus.mjs';
import { webPage } from './web.mjs';

const startSteps = [npmPackages, pinnedNode, webPage];
const testSteps = [prometheusDebian, kafkaJars, sparkJars, prometheus3, chromium];

const steps = { start: [], test: testSteps, kubernetes: [kubernetes] };
export const stepsFor = (purpose) => [...startSteps, ...steps[purpose]];
