import { type Application, buildApplication, buildRouteMap, text_en } from '@stricli/core';
import { buildInfo } from '../self/build.ts';
import { checkCommand } from './check/command.ts';
import { type CliContext, describeError } from './context.ts';
import { demoCommand } from './demo/command.ts';
import { eventsCommands } from './events/command.ts';
import { exitCodeOf } from './exit.ts';
import { explainCommand } from './explain/command.ts';
import { feedbackCommand } from './feedback/command.ts';
import { pullCommand } from './pull/command.ts';
import { queryCommand } from './query/command.ts';
import { rekeyCommand } from './rekey/command.ts';
import { replayCommand } from './replay/command.ts';
import { runCommand } from './run/command.ts';
import { scoreCommand } from './score/command.ts';
import { skipCommand } from './skip/command.ts';
import { sparkCommands } from './spark/command.ts';
import { statusCommand } from './status/command.ts';
import { tailCommand } from './tail/command.ts';
import { versionCommand } from './version/command.ts';

const routes = buildRouteMap({
  routes: {
    demo: demoCommand,
    run: runCommand,
    status: statusCommand,
    tail: tailCommand,
    query: queryCommand,
    score: scoreCommand,
    events: eventsCommands,
    explain: explainCommand,
    feedback: feedbackCommand,
    spark: sparkCommands,
    check: checkCommand,
    replay: replayCommand,
    skip: skipCommand,
    pull: pullCommand,
    rekey: rekeyCommand,
    version: versionCommand,
  },
  docs: {
    brief: 'Streaming analytics for fleets of Kubernetes and OpenShift clusters',
    fullDescription: [
      'Streaming analytics for fleets of Kubernetes and OpenShift clusters.',
      '',
      'Start here:',
      '  seastate demo                  a simulated fleet and a live page',
      '  seastate run                   receive remote write on http://127.0.0.1:9797',
      '  seastate tail alerts           what fires, as it happens',
      '',
      'Exit codes: 0 ok, 1 a problem, 2 wrong usage. Data goes to stdout, talk to stderr.',
    ].join('\n'),
  },
});

export const app: Application<CliContext> = buildApplication<CliContext>(routes, {
  name: 'seastate',
  versionInfo: { currentVersion: buildInfo.version },
  scanner: { caseStyle: 'allow-kebab-for-camel' },
  documentation: {
    caseStyle: 'convert-camel-to-kebab',
    disableAnsiColor: process.env['NO_COLOR'] !== undefined,
    onlyRequiredInUsageLine: true,
  },
  determineExitCode: exitCodeOf,
  localization: {
    text: {
      ...text_en,
      headers: { ...text_en.headers, usage: 'EXAMPLES AND USAGE' },
      exceptionWhileRunningCommand: (error) => `seastate: ${describeError(error)}`,
      exceptionWhileParsingArguments: (error) => `seastate: ${(error as Error).message}`,
    },
  },
});
