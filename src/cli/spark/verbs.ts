import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dataLayout, snapshotsOf } from '../../config/layout.ts';
import { SeastateError } from '../../core/errors.ts';
import { parseTime } from '../../core/time.ts';
import { Control } from '../../gateway/control.ts';
import { SettingsFile } from '../../gateway/settings-file.ts';
import { telemetryTopic } from '../../log/topics.ts';
import { kafkaOptionsOf } from '../../open-log.ts';
import { type Program, settingsOf, topicsOf } from '../../user-code/program.ts';
import { type CliContext, say } from '../context.ts';
import type { ConfigFlags } from '../flags.ts';
import { loadProgram } from '../load-config.ts';
import { writeText } from '../output/rows.ts';
import type { BridgeConfig } from './bridge-config.ts';
import { planSpark } from './plan.ts';
import { runSpark } from './run.ts';
import { shellLine, submitCommand } from './submit.ts';

export interface PlaceFlags extends ConfigFlags {
  readonly cores: number;
  readonly checkpoint?: string;
  readonly availableNow: boolean;
  readonly trigger: number;
  readonly metricsHost: string;
  readonly metricsPort?: number;
  readonly from?: string;
  readonly to?: string;
}

export interface SubmitFlags extends PlaceFlags {
  readonly master: string;
  readonly executors: number;
  readonly memoryMib: number;
  readonly jar: string;
  readonly runner: string;
  readonly kafkaFile?: string;
}

/** The runner program of this checkout or package. */
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const runnerEntry = fileURLToPath(new URL(`../../runner.${extension}`, import.meta.url));

export async function sparkRun(this: CliContext, flags: PlaceFlags): Promise<void> {
  const program = await loadProgram(this, flags);
  const bridge = await plan(this, program, flags, { node: process.execPath, entry: runnerEntry });
  const code = await runSpark(bridge, {
    cores: flags.cores,
    signal: this.signal,
    onEvent: (event) => {
      if (event.event !== 'progress') say(this, JSON.stringify(event));
    },
    onLog: (line) => say(this, line),
  });
  if (code !== 0 && !this.signal.aborted) {
    throw new SeastateError('spark', `Spark ended with ${code}: its last words stand above`);
  }
}

export async function sparkSubmit(this: CliContext, flags: SubmitFlags): Promise<void> {
  const program = await loadProgram(this, flags);
  const isShipped = !flags.runner.startsWith('/');
  const entry = isShipped ? `files:${basename(flags.runner)}` : flags.runner;
  const bridge = await plan(this, program, flags, { entry });
  const command = submitCommand(bridge, {
    master: flags.master,
    executors: flags.executors,
    cores: flags.cores,
    memoryMiB: flags.memoryMib,
    jar: flags.jar,
    files: isShipped ? [flags.runner] : [],
    ...(flags.kafkaFile !== undefined && { kafkaFile: flags.kafkaFile }),
  });
  await writeText(this.out, `${shellLine(command)}\n`);
}

/**
 * Creates or checks the topics as the gateway does, and puts the settings in force with the users'
 * processors that they name, so that the stages need nothing but the log.
 */
async function plan(
  context: CliContext,
  program: Program,
  flags: PlaceFlags,
  runner: { node?: string; entry: string },
): Promise<BridgeConfig> {
  const { process } = program.config;
  if (process.log.type !== 'kafka') {
    throw new SeastateError('usage', 'Spark reads Kafka: set process.log.type to kafka');
  }
  const warn = (fields: object, message: string): void =>
    say(context, `${message} ${JSON.stringify(fields)}`);
  const { from, to } = flags;
  const now = context.now();
  const kafka = kafkaOptionsOf(process.log.kafka!, topicsOf(program), { warn });
  const { openKafkaLog } = await import('../../log/kafka/kafka-log.ts');
  const layout = dataLayout(process.data);
  const settingsFile = new SettingsFile(layout.settings);
  const log = await openKafkaLog(kafka);
  try {
    const control = new Control({
      log,
      topics: [telemetryTopic],
      settings: await settingsFile.read(),
      keep: (mark) => settingsFile.write(mark),
    });
    await control.writeSettings(await settingsOf(program));
    return await planSpark(
      {
        kafka,
        stages: ['cluster'],
        checkpoint: flags.checkpoint ?? join(process.data, 'spark'),
        snapshots: snapshotsOf(process),
        runner,
        runners: flags.cores,
        trigger: flags.availableNow ? 'available-now' : flags.trigger,
        ...(flags.metricsPort !== undefined && {
          metrics: { host: flags.metricsHost, port: flags.metricsPort },
        }),
        snapshotEveryMs: process.snapshots.interval,
        kept: process.snapshots,
        ...(from !== undefined && { from: parseTime(from, now) }),
        ...(to !== undefined && { until: parseTime(to, now) }),
      },
      log,
    );
  } finally {
    await log.close();
  }
}
