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
  readonly time?: string;
  readonly value?: string;
  readonly series?: string;
  readonly output: 'csv' | 'jsonl';
}

export const scoreCommand = buildCommand<ScoreFlags, string[], CliContext>({
  async func(flags, ...files) {
    const { scoreCommand: score } = await import('./score.ts');
    const { interval, parameters, time, value, series, ...rest } = flags;
    const columns = {
      ...(time !== undefined && { time }),
      ...(value !== undefined && { value }),
      ...(series !== undefined && { series }),
    };
    this.exit.code = await score(
      {
        ...rest,
        files,
        columns,
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
      time: column('Column of the time, by its name or number'),
      value: column('Column of the value'),
      series: column('Column that tells series apart, each scored for itself'),
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
      'them, in one pass and causally, as the running program would. Commas, semicolons (with ' +
      'decimal commas) and tabs separate; a header, quotes, time in any usual spelling are found.',
    customUsage: [
      { input: 'latency.csv', brief: 'with the default model' },
      { input: '--model ./mine.ts latency.csv', brief: 'with a model of your own' },
      { input: '--series host --value cpu fleet.csv', brief: 'many series in one file' },
      { input: '--alarms-per-day 0.1 *.csv -o jsonl', brief: 'fewer alarms, several files' },
    ],
  },
});

function column(brief: string) {
  return { kind: 'parsed', parse: String, optional: true, placeholder: 'column', brief } as const;
}

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
