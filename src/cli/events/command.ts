import { buildCommand, buildRouteMap } from '@stricli/core';
import type { CliContext } from '../context.ts';

interface TestFlags {
  readonly cluster?: string;
  readonly rules?: readonly string[];
  readonly unsure?: boolean;
}

const testCommand = buildCommand<TestFlags, string[], CliContext>({
  async func(flags, ...files) {
    const { eventsTest } = await import('./test.ts');
    this.exit.code = await eventsTest({ ...flags, files }, { stdout: this.out, stderr: this.err });
  },
  parameters: {
    flags: {
      cluster: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'name',
        brief: 'Cluster of what names none; `test` by default',
      },
      rules: {
        kind: 'parsed',
        parse: String,
        optional: true,
        variadic: true,
        placeholder: 'file',
        brief: 'Rules of your own, as YAML',
      },
      unsure: {
        kind: 'boolean',
        optional: true,
        withNegated: false,
        brief: 'Also what is told under a guessed name (confidence below 0.5)',
      },
    },
    positional: {
      kind: 'array',
      minimum: 1,
      parameter: {
        placeholder: 'file',
        brief: 'Kubernetes events of any shape, and metrics as JSON lines',
        parse: String,
      },
    },
  },
  docs: {
    brief: 'Show the events that would be found in files',
    fullDescription:
      'Runs the events processor over the files in order of time and prints every interval that ' +
      'it would tell, one JSON object per line. What it could not classify is told on stderr.',
    customUsage: [
      { input: 'kubernetes-events.jsonl', brief: 'what happened?' },
      { input: '--rules own.yaml kubernetes-events.jsonl', brief: 'do my rules match?' },
    ],
  },
});

export const eventsCommands = buildRouteMap({
  routes: { test: testCommand },
  docs: { brief: 'What clusters did' },
});
