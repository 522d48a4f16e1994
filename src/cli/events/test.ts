import type { Interval } from '../../processors/events/interval.ts';
import type { EventsSettings } from '../../processors/events/settings.ts';
import type { UnknownReason } from '../../processors/events/state.ts';
import { Driver } from './driver.ts';
import { readInputs } from './input.ts';
import { readRules } from './rules.ts';

export interface EventsTestArgs {
  /** Records of any shape, and metrics as JSON lines. */
  readonly files: readonly string[];
  /** Name of the cluster for what names none; `test` by default. */
  readonly cluster?: string;
  /** Files of own rules, YAML. */
  readonly rules?: readonly string[];
  /** Of a configuration: its `settings.events`. */
  readonly settings?: EventsSettings;
  /** Also what is told under a name that is only guessed. */
  readonly unsure?: boolean;
}

export interface Io {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** One line of the answer. */
export interface Found {
  readonly id: string;
  readonly fact: string;
  readonly object: string;
  readonly start: number;
  readonly end: number | null;
  readonly parent: string | null;
  readonly evidence: Interval['evidence'];
}

/**
 * `seastate events test FILE...`: runs the events processor over the files in order of time and
 * prints every interval that it would tell, one JSON object per line. What only concerns the
 * collecting (gaps in metrics) is not printed. Returns the exit code. Errors: `usage` of files that
 * cannot be read, ConfigError of rules.
 */
export async function eventsTest(args: EventsTestArgs, io: Io): Promise<number> {
  const rules = [...(args.settings?.rules ?? [])];
  for (const file of args.rules ?? []) rules.push(await readRules(file));
  const { inputs, rejected } = await readInputs(args.files);
  const driver = new Driver({ ...args.settings, rules });
  driver.run(inputs, args.cluster ?? 'test');
  const found = foundIn(driver, args.unsure);
  for (const one of found) io.stdout.write(`${JSON.stringify(one)}\n`);
  const unsure = foundIn(driver, true).length - found.length;
  if (unsure > 0) io.stderr.write(`${unsure} of low confidence not shown: --unsure shows them\n`);
  for (const [reason, count] of [...rejected, ...refusedBy(driver)]) {
    io.stderr.write(`${count} records could not be used: ${reason}\n`);
  }
  for (const unknown of driver.rows<UnknownReason>('unknown-reasons')) {
    const { kind, reason, component, count, message } = unknown;
    io.stderr.write(`unclassified: ${kind} ${reason} (${component}) x${count}: ${message}\n`);
  }
  if (inputs.length === 0) io.stderr.write('no Kubernetes event and no metric in the input\n');
  return inputs.length === 0 ? 1 : 0;
}

/** What the processor itself did not take, by reason. */
const refusedBy = ({ counters }: Driver): [string, number][] =>
  [...counters].filter(([reason]) => /^(bad_)?kubernetes_event|_over_limit$/.test(reason));

/** Below this the object is only guessed. */
const sureFrom = 0.5;

/** The newest revision of every interval that stands, by start. */
export function foundIn(driver: Driver, unsure = false): Found[] {
  const newest = new Map<string, Interval>();
  for (const { data } of driver.outputs) newest.set((data as Interval).id, data as Interval);
  const shown = [...newest.values()]
    .filter((interval) => interval.change !== 'withdraw' && interval.family !== 'collector')
    .filter((interval) => unsure || interval.confidence >= sureFrom)
    .sort((a, b) => a.start - b.start || (a.id < b.id ? -1 : 1));
  const ids = new Set(shown.map(({ id }) => id));
  return shown.map(({ id, fact, object, start, end, parent, evidence }) => ({
    id,
    fact,
    object,
    start,
    end,
    parent: parent !== null && ids.has(parent) ? parent : null,
    evidence,
  }));
}
