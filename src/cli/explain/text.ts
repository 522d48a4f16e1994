import { StreamingTable } from '../output/table.ts';

/** Lines of text for people, built part by part. */
export class Lines {
  readonly #lines: string[] = [];

  /** A heading with an empty line before it. */
  head(text: string): this {
    if (this.#lines.length > 0) this.#lines.push('');
    this.#lines.push(text);
    return this;
  }

  line(text: string, indent = 2): this {
    this.#lines.push(' '.repeat(indent) + text);
    return this;
  }

  /** Names and values, aligned; those without a value are left out. */
  facts(facts: Readonly<Record<string, string | undefined>>): this {
    const given = Object.entries(facts).filter(([, value]) => value !== undefined && value !== '');
    const width = Math.max(0, ...given.map(([name]) => name.length));
    for (const [name, value] of given) this.line(`${name.padEnd(width)}  ${value}`);
    return this;
  }

  table(columns: readonly string[], rows: readonly (readonly unknown[])[]): this {
    const table = new StreamingTable(columns, { bold: false });
    const text = rows.map((row) => table.line(row)).join('') + table.flush();
    for (const line of text.trimEnd().split('\n')) this.line(line);
    return this;
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }
}

/** A number with the digits that people need. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '-';
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  return String(Number(value.toPrecision(4)));
}

/** RFC 3339 of ms or of itself; `-` for none. */
export const moment = (time: number | string | null): string =>
  time === null ? '-' : new Date(time).toISOString();

/** ms as people say it, with its two greatest units. */
export function span(ms: number): string {
  const units: readonly [string, number][] = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
  ];
  const first = units.findIndex(([, size]) => ms >= size);
  if (first < 0) return `${Math.round(ms)}ms`;
  let left = ms;
  const parts: string[] = [];
  for (const [unit, size] of units.slice(first, first + 2)) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.join('');
}

export function selectorText(metric: string, labels: Readonly<Record<string, string>>): string {
  const inside = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `${metric}{${inside.join(',')}}`;
}
