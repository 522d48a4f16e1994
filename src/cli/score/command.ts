import { buildCommand } from '@stricli/core';
import { parseDuration } from '../../core/time.ts';
import { type MetricKind, metricKinds } from '../../engine/model.ts';
import type { CliContext } from '../context.ts';

export interface ScoreFlags {
  readonly model?: string;
  readonly parameters?: string;
  readonly kind: MetricKind;
  readonly alarmsPerDay?: number;
  readonly interval?: number;
  readonly output: 'csv' | 'jsonl';
}

export const scoreCommand = buildCommand<ScoreFlags, string[], CliContext>({
  async func(flags, ...files) {
    const { scoreCommand: score } = await import('./score.ts');
    const { interval, parameters, ...rest } = flags;
    this.exit.code = await score(
      {
        ...rest,
        files,
        ...(parameters === undefined ? {} : { parameters: JSON.parse(parameters) as unknown }),
        ...(interval === undefined ? {} : { indexMs: interval }),
      },
      { stdin: process.stdin, out: this.out, err: this.err },
    );
  },
  parameters: {
    flags: {
      model: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'name|file',
        brief: 'Model, or a file that exports one; `default` by default',
      },
      parameters: {
        kind: 'parsed',
        parse: jsonText,
        optional: true,
        placeholder: 'json',
        brief: 'Parameters of the model',
      },
      kind: {
        kind: 'enum',
        values: metricKinds,
        default: 'gauge',
        brief: 'What the values are',
      },
      alarmsPerDay: {
        kind: 'parsed',
        parse: positiveNumber,
        optional: true,
        placeholder: 'n',
        brief: 'Alarms per series and day that may be raised by chance',
      },
      interval: {
        kind: 'parsed',
        parse: parseDuration,
        optional: true,
        placeholder: 'duration',
        brief: 'Time between rows of files that number their rows; 5m by default',
      },
      output: {
        kind: 'enum',
        values: ['csv', 'jsonl'],
        default: 'csv',
        brief: 'Form of the output',
      },
    },
    aliases: { o: 'output' },
    positional: {
      kind: 'array',
      parameter: {
        placeholder: 'file',
        brief: 'CSV files; - or none: standard input',
        parse: String,
      },
    },
  },
  docs: {
    brief: 'Score the series of CSV files',
    fullDescription:
      'Reads timestamp and value from each row, and prints score, alarm and expected band beside ' +
      'them, in one pass and causally, as the running program would.',
    customUsage: [
      { input: 'latency.csv', brief: 'with the default model' },
      { input: '--model ./mine.ts latency.csv', brief: 'with a model of your own' },
      { input: '--alarms-per-day 0.1 *.csv -o jsonl', brief: 'fewer alarms, several files' },
    ],
  },
});

/** Checked now, so that a mistake is told as one of the command line. */
function jsonText(text: string): string {
  JSON.parse(text);
  return text;
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`"${text}" is not a number above 0`);
  return value;
}
