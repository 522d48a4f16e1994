import { nearest } from '../../core/nearest.ts';
import type { SettingsFault } from '../../engine/processor.ts';
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

/** What is wrong with users' rules beside their shape: signals and trackers that are not there. */
export function faultsOf(own: readonly Family[]): SettingsFault[] {
  const known = [...builtIn().signals, ...own.flatMap((family) => family.signals)];
  const signals = known.map((signal) => signal.id);
  const facts = [...builtIn().rules, ...own.flatMap(({ rules }) => rules)].map(({ fact }) => fact);
  const faults: SettingsFault[] = [];
  own.forEach((family, f) => {
    family.rules.forEach((rule, r) => {
      const path = [f, 'rules', r] as const;
      for (const role of ['start', 'end', 'during'] as const) {
        for (const [k, ref] of rule[role].entries()) {
          const id = ref.split(':')[0]!;
          if (signals.includes(id)) continue;
          const hint = hintOf(id, signals);
          faults.push({ path: [...path, role, k], message: `there is no signal "${id}"${hint}` });
        }
      }
      for (const role of ['effects', 'absorbed_by'] as const) {
        for (const [k, fact] of rule[role].entries()) {
          if (facts.includes(fact)) continue;
          const message = `there is no fact "${fact}"${hintOf(fact, facts)}`;
          faults.push({ path: [...path, role, k], message });
        }
      }
      if (!openTrackers.has(rule.track)) {
        const ours = [...openTrackers].join(', ');
        const message = `use one of ${ours}, not "${rule.track}"${hintOf(rule.track, openTrackers)}`;
        faults.push({ path: [...path, 'track'], message });
      } else if (rule.start.length === 0) {
        faults.push({ path: [...path, 'start'], message: 'name at least one signal' });
      }
    });
  });
  return faults;
}

function hintOf(word: string, known: Iterable<string>): string {
  const near = nearest(word, [...known]);
  return near === undefined ? '' : `; did you mean ${near}?`;
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
