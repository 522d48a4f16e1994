import { z } from 'zod';
import { messageOf } from '../../core/errors.ts';
import { tameRegExp } from '../../core/tame-regexp.ts';
import { parseDuration } from '../../core/time.ts';

/**
 * The language of the catalogue. A *signal* is one kind of evidence: a pattern on Kubernetes
 * events or a condition on a metric, about one scope (`Node/{name}`). A *rule* makes intervals of
 * one fact from the signals of a scope. Users write the same in YAML.
 *
 * Templates take slots in braces. Of an event: kind, namespace, name, host, container, reason,
 * pod's `replicaset`, `deployment` (namespace/name) and `podNode`, and named groups of `message`.
 * Of a metric: its labels, `podNode` excepted.
 */
const template = z.string().min(1).describe('Text with slots in braces, such as Node/{name}');
const name = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'use small letters, digits and hyphens');
const many = z.union([z.string(), z.array(z.string()).min(1)]);
const durationHint = 'write a duration like 30s, 5m or 1h30m';
const pattern = z.string().superRefine((text, context) => {
  try {
    tameRegExp(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) });
  }
});

/** A duration as people write it; ms where it was read before (settings in the log). */
export const duration = z
  .union([z.number().positive(), z.string()], { error: durationHint })
  .refine((value) => typeof value === 'number' || isDuration(value), { error: durationHint })
  .transform((value) => (typeof value === 'number' ? value : parseDuration(value)))
  .meta({ kind: 'duration' });

export const eventPatternSchema = z
  .strictObject({
    kind: many.optional().describe('Kind of the object, or several'),
    reason: many.optional().describe('Reason, or several'),
    reason_pattern: pattern.optional().describe('Instead of reason: a regular expression'),
    component: pattern
      .optional()
      .describe('Regular expression on the reporting component; passes where a shape has none'),
    type: z.enum(['Normal', 'Warning']).optional(),
    message: pattern.optional().describe('Regular expression; its named groups become slots'),
  })
  .refine((p) => p.reason !== undefined || p.reason_pattern !== undefined || p.message, {
    message: 'give reason, reason_pattern or message',
  });

export const metricConditionSchema = z.strictObject({
  name: z.string().min(1).describe('Metric name'),
  labels: z
    .record(z.string(), pattern)
    .default({})
    .describe('Label name to a regular expression that matches the whole value'),
  is: z
    .string()
    .regex(/^(==|!=|>=|<=|>|<) -?\d+(\.\d+)?$/, 'write like "== 1"')
    .optional()
    .describe('The signal is on while this holds; without it every change of the value tells'),
  value: template.optional().describe('Take this text (labels) as the value instead of the number'),
  sub: template.optional().describe('Tells the series of one scope apart'),
  on_end: z.boolean().default(false).describe('Only the end of a series tells (pods that leave)'),
});

export const signalSchema = z
  .strictObject({
    id: name,
    scope: template.describe('What it is about; signals of one scope are seen together'),
    event: eventPatternSchema.optional(),
    metric: metricConditionSchema.optional(),
    brief: z
      .boolean()
      .default(false)
      .describe('Frequent and of use only beside other evidence: alone soon forgotten'),
  })
  .refine((s) => (s.event === undefined) !== (s.metric === undefined), {
    message: 'give either event or metric',
  });

const signals = z
  .array(z.string().regex(/^[a-z0-9-]+(:(on|off|gone))?$/, 'name a signal, or signal:on'))
  .default([]);

export const severities = ['info', 'warning', 'critical'] as const;

/** Trackers that any rule may name, beside those of the program. */
export const openTrackers: ReadonlySet<string> = new Set([
  'interval',
  'instant',
  'storm',
  'change',
]);

export const ruleSchema = z.strictObject({
  id: name,
  fact: z
    .string()
    .regex(/^[a-z0-9_]+$/)
    .describe('What is said to have happened, such as node_memory_pressure'),
  title: z.string().describe('One line for people'),
  severity: z.enum(severities),
  object: template.describe('What it happened to; slots of the first evidence'),
  track: name
    .default('interval')
    .describe(
      'interval, instant, storm, change, or a tracker of the program (nodes, rollouts, ...)',
    ),
  start: signals.describe('Signals that open it'),
  end: signals.describe('Signals that close it, while it is open'),
  during: signals.describe('Signals that only add evidence'),
  slots: z.array(z.string()).default([]).describe('Slots that are part of its identity'),
  at_least: z.number().int().min(1).default(1).describe('Occurrences before it is one (storm)'),
  within: duration.optional().describe('Time for `at_least` (storm), 5m by default'),
  hold: duration.optional().describe('Shorter intervals are none'),
  rejoin: duration.optional().describe('An end and a start closer than this are one interval'),
  quiet: duration.optional().describe('Ends at its last evidence when nothing came for so long'),
  usual: duration.optional().describe('Longer ones are overdue: reported even inside a parent'),
  effects: z.array(z.string()).default([]).describe('Facts that are expected inside it'),
  absorbed_by: z.array(z.string()).default([]).describe('Facts that say the same better'),
});

export const routineSchema = z.strictObject({
  kind: z.string().optional(),
  reason: z.string(),
});

export const catalogueSchema = z.strictObject({
  family: name.default('custom'),
  signals: z.array(signalSchema).default([]),
  rules: z.array(ruleSchema).default([]),
  routine: z
    .array(routineSchema)
    .default([])
    .describe('Reasons that are known and tell nothing: never listed as unclassified'),
});

export type EventPattern = z.output<typeof eventPatternSchema>;
export type Signal = z.output<typeof signalSchema>;
export type Rule = z.output<typeof ruleSchema> & { readonly family: string };
export type FamilyInput = z.input<typeof catalogueSchema>;
export type Family = z.output<typeof catalogueSchema>;

function isDuration(text: string): boolean {
  try {
    return parseDuration(text) > 0;
  } catch {
    return false;
  }
}

/** Fills the slots of a template; null when one of them is missing or empty. */
export function render(text: string, slots: Readonly<Record<string, string>>): string | null {
  let missing = false;
  const filled = text.replace(/\{(\w+)\}/g, (_, slot: string) => {
    const value = slots[slot];
    if (value === undefined || value === '') missing = true;
    return value ?? '';
  });
  return missing ? null : filled;
}
