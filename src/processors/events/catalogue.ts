import { parse as parseYaml } from 'yaml';
import { messageOf, SeastateError } from '../../core/errors.ts';
import { certificates } from './catalogue/certificates.ts';
import { collector } from './catalogue/collector.ts';
import { controlPlane } from './catalogue/control-plane.ts';
import { nodes } from './catalogue/nodes.ts';
import { scaling } from './catalogue/scaling.ts';
import { storage } from './catalogue/storage.ts';
import { upgrade } from './catalogue/upgrade.ts';
import { workload } from './catalogue/workload.ts';
import {
  catalogueSchema,
  type Family,
  type FamilyInput,
  openTrackers,
  type Rule,
  type Signal,
} from './rule.ts';

/** All signals, rules and routine reasons in force, in a fixed order. */
export interface Catalogue {
  readonly signals: readonly Signal[];
  readonly rules: readonly Rule[];
  readonly routine: ReadonlySet<string>;
  /** Ids of brief signals. */
  readonly brief: ReadonlySet<string>;
}

/** The families that come with the program, in order. */
export const families: readonly FamilyInput[] = [
  nodes,
  scaling,
  upgrade,
  controlPlane,
  workload,
  certificates,
  storage,
  collector,
];

/**
 * Rules written by a user, in YAML. Throws `bad_rules` with file and path of every fault; names
 * must not clash with each other (those of the catalogue may be replaced).
 */
export function loadRules(text: string, file: string): Family {
  let raw: unknown;
  try {
    raw = parseYaml(text);
  } catch (error) {
    throw new SeastateError('bad_rules', `${file}: ${messageOf(error)}`);
  }
  const read = catalogueSchema.safeParse(raw ?? {});
  if (!read.success) {
    const faults = read.error.issues.map((i) => `${file}: ${pathOf(i.path)}: ${i.message}`);
    throw new SeastateError('bad_rules', faults.join('\n'));
  }
  const faults = faultsOf(read.data).map((fault) => `${file}: ${fault}`);
  if (faults.length > 0) throw new SeastateError('bad_rules', faults.join('\n'));
  return read.data;
}

function pathOf(path: readonly PropertyKey[]): string {
  const parts = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`));
  return parts.join('').replace(/^\./, '') || '(top)';
}

function faultsOf(own: Family): string[] {
  const known = new Set([...builtIn().signals, ...own.signals].map((signal) => signal.id));
  const faults: string[] = [];
  own.rules.forEach((rule, i) => {
    for (const role of ['start', 'end', 'during'] as const) {
      for (const [k, ref] of rule[role].entries()) {
        const id = ref.split(':')[0]!;
        if (!known.has(id)) faults.push(`rules[${i}].${role}[${k}]: there is no signal "${id}"`);
      }
    }
    if (!openTrackers.has(rule.track)) {
      faults.push(`rules[${i}].track: use interval, instant, storm or change, not "${rule.track}"`);
    } else if (rule.start.length === 0) {
      faults.push(`rules[${i}].start: name at least one signal`);
    }
  });
  return faults;
}

/** The catalogue of the program with a user's families behind it; same ids are replaced. */
export function buildCatalogue(own: readonly Family[] = []): Catalogue {
  const signals = new Map<string, Signal>();
  const rules = new Map<string, Rule>();
  const routine = new Set<string>();
  const parsed = families.map((family) => catalogueSchema.parse(family));
  for (const family of [...parsed, ...own]) {
    for (const signal of family.signals) signals.set(signal.id, signal);
    for (const rule of family.rules) rules.set(rule.id, { ...rule, family: family.family });
    for (const { kind, reason } of family.routine) routine.add(`${kind ?? ''}/${reason}`);
  }
  const all = [...signals.values()];
  const brief = new Set(all.filter((signal) => signal.brief).map((signal) => signal.id));
  return { signals: all, rules: [...rules.values()], routine, brief };
}

let cached: Catalogue | undefined;
function builtIn(): Catalogue {
  cached ??= buildCatalogue();
  return cached;
}
