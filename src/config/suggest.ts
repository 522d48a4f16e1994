import { nearest } from '../core/nearest.ts';
import { type JsonSchema, schemaAt } from './schema.ts';

/** `; did you mean ...` for an unknown key below `path`, or '' when nothing is near. */
export function suggestKey(
  schema: JsonSchema,
  path: readonly PropertyKey[],
  unknown: string,
): string {
  const known = Object.keys(schemaAt(schema, path)?.properties ?? {});
  const near = nearest(unknown, known);
  if (near !== undefined) return `; did you mean ${near}?`;
  const elsewhere = pathsOf(schema, '').filter((full) => full.endsWith(`.${unknown}`));
  if (elsewhere.length > 0) return `; did you mean ${elsewhere.slice(0, 2).join(' or ')}?`;
  return known.length > 0 && known.length <= 12 ? `; known here: ${known.join(', ')}` : '';
}

/** `; did you mean ...` for a value that is none of `options`. */
export function suggestValue(value: unknown, options: readonly unknown[]): string {
  const near = typeof value === 'string' ? nearest(value, options.map(String)) : undefined;
  return near === undefined ? '' : `; did you mean ${near}?`;
}

function pathsOf(schema: JsonSchema, prefix: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const full = prefix === '' ? name : `${prefix}.${name}`;
    return [full, ...pathsOf(child, full)];
  });
}
