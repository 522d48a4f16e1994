import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { buildCatalogue, families } from './catalogue.ts';
import { meshFamily } from './mesh.test-kit.ts';
import { catalogueSchema } from './rule.ts';

describe('the catalogue', () => {
  const parsed = families.map((family) => catalogueSchema.parse(family));

  it('names only signals that there are, and uses all that it has', () => {
    const signals = parsed.flatMap((family) => family.signals.map((signal) => signal.id));
    expect(new Set(signals).size).toBe(signals.length);
    const used = parsed
      .flatMap((family) => family.rules)
      .flatMap((rule) => [...rule.start, ...rule.end, ...rule.during]);
    const unknown = used.filter((ref) => !signals.includes(ref.split(':')[0]!));
    expect(unknown).toEqual([]);
  });

  it('has unique rules, whose effects and absorbers are facts', () => {
    const rules = parsed.flatMap((family) => family.rules);
    expect(new Set(rules.map((rule) => rule.id)).size).toBe(rules.length);
    const facts = new Set(rules.map((rule) => rule.fact));
    const named = rules.flatMap((rule) => [...rule.effects, ...rule.absorbed_by]);
    expect(named.filter((fact) => !facts.has(fact))).toEqual([]);
  });
});

describe('own rules', () => {
  it('join the catalogue', () => {
    const catalogue = buildCatalogue([catalogueSchema.parse(parse(meshFamily))]);
    expect(catalogue.rules.at(-1)).toMatchObject({
      id: 'mesh-broken',
      family: 'mesh',
      quiet: 600_000,
    });
  });
});
