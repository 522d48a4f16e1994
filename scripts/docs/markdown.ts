import type { JsonSchema } from '../../src/config/schema.ts';

export const generated = '<!-- Made by `npm run docs`: change the code, not this file. -->\n';

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('');
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

export const code = (text: string): string => (text === '' ? '' : `\`${text}\``);

/** What may stand there, in words. */
export function typeText(schema: JsonSchema): string {
  const { enum: options, kind, type, items, additionalProperties, format } = schema;
  if (options) return options.map((option) => code(String(option))).join(', ');
  if (Array.isArray(schema.type)) {
    return schema.type.map((type: string) => typeText({ ...schema, type })).join(' or ');
  }
  const union = (schema['anyOf'] ?? schema['oneOf']) as readonly JsonSchema[] | undefined;
  if (union) return union.map(typeText).join(' or ');
  if (kind) return kind === 'secret' ? 'text, never shown' : kind;
  if (type === 'array') return items ? `list of ${typeText(items)}` : 'list';
  if (type === 'object') {
    return typeof additionalProperties === 'object'
      ? `map to ${typeText(additionalProperties)}`
      : 'section';
  }
  if (schema['const'] !== undefined) return code(JSON.stringify(schema['const']));
  if (typeof format === 'string') return format === 'date-time' ? 'time (RFC 3339)' : format;
  const names: Record<string, string> = {
    string: 'text',
    integer: 'whole number',
    number: 'number',
    boolean: 'true or false',
    null: 'null',
  };
  return names[type ?? ''] ?? 'any';
}

/** A row per field of an object, those of nested ones behind their path. */
export function fieldRows(schema: JsonSchema, prefix = ''): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const inside = field.type === 'array' ? field.items : field;
    const below = inside?.properties
      ? fieldRows(inside, `${path}${field.type === 'array' ? '[]' : ''}.`)
      : [];
    return [[code(path), typeText(field), field.description ?? ''], ...below];
  });
}
