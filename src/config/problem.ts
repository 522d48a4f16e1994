/** Where something stands in a text: both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** One mistake in the configuration. `source` is a file, a flag or an environment variable. */
export interface Problem {
  readonly source: string;
  readonly place?: Place;
  /** Dotted path of the key, '' for the whole. */
  readonly path: string;
  readonly message: string;
}

/** `file:line:col: path: what`, one line. */
export function formatProblem({ source, place, path, message }: Problem): string {
  const where = place ? `${source}:${place.line}:${place.column}` : source;
  return [where, path, message].filter((part) => part !== '').join(': ');
}

/** The line of a place with the ones around it, and a mark below the column. */
export function snippet(text: string, { line, column }: Place): string {
  const lines = text.split('\n');
  const shown: string[] = [];
  const width = String(line + 1).length;
  for (let n = Math.max(1, line - 1); n <= Math.min(lines.length, line + 1); n++) {
    if (n > line && lines[n - 1]!.trim() === '') continue;
    shown.push(`  ${String(n).padStart(width)} | ${lines[n - 1]}`);
    if (n === line) shown.push(`  ${' '.repeat(width)} | ${' '.repeat(column - 1)}^`);
  }
  return shown.join('\n');
}

/** The path of a key as users write it: `process.auth.credentials[0].name`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i ? '.' : ''}${String(step)}`))
    .join('');
}
