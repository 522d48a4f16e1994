import { messageOf } from '../core/errors.ts';

/** What the outside gives: environment and files. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Throws when the file cannot be read. `path` is absolute. */
  readonly readFile: (path: string) => string;
  /** The absolute form of a path in the configuration file. */
  readonly resolve: (path: string) => string;
}

/**
 * Replaces `${env:NAME}`, `${env:NAME:-default}` and `${file:/path}` in one scalar; `$${` stands
 * for a plain `${`. It runs after parsing, so what is put in cannot change the structure.
 */
export function substitute(
  text: string,
  { env, readFile, resolve }: Surroundings,
  onProblem: (message: string) => void,
): string {
  return text.replaceAll(/\$\$\{|\$\{([^}]*)\}/g, (all, inner: string | undefined) => {
    if (inner === undefined) return '${';
    const variable = /^env:([A-Za-z_]\w*)(?::-(.*))?$/s.exec(inner);
    if (variable) {
      const value = env[variable[1]!] ?? variable[2];
      if (value === undefined) {
        onProblem(
          `${all}: the environment has no ${variable[1]}; set it, or write a default: \${env:${variable[1]}:-...}`,
        );
      }
      return value ?? '';
    }
    const file = /^file:(.+)$/s.exec(inner);
    if (!file) {
      onProblem(`${all}: write \${env:NAME} or \${file:/path}`);
      return '';
    }
    try {
      return readFile(resolve(file[1]!)).replace(/\r?\n$/, '');
    } catch (error) {
      onProblem(`${all}: ${messageOf(error)}`);
      return '';
    }
  });
}

/** A value as an unquoted scalar would read: numbers and booleans where it looks like one. */
export function plainScalar(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text) ? Number(text) : text;
}
