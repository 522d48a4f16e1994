/** A plain text table: the first column left, the others right. */
export function table(title: string, header: readonly string[], rows: readonly string[][]): string {
  const all = [header, ...rows];
  const widths = header.map((_, c) => Math.max(...all.map((row) => (row[c] ?? '').length)));
  const line = (row: readonly string[]) =>
    header
      .map((_, c) =>
        c === 0 ? (row[c] ?? '').padEnd(widths[c]!) : (row[c] ?? '').padStart(widths[c]!),
      )
      .join('  ');
  return [
    '',
    title,
    line(header),
    widths.map((w) => '-'.repeat(w)).join('  '),
    ...rows.map(line),
    '',
  ].join('\n');
}

export const fixed = (value: number, digits = 3): string =>
  Number.isFinite(value) ? value.toFixed(digits) : '-';
