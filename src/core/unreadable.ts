import { messageOf, SeastateError } from './errors.ts';

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
};

/** Says that a file which the user named cannot be read, and why; `code` is the error's. */
export function unreadable(code: string, path: string, error: unknown): SeastateError {
  const why = reasons[(error as NodeJS.ErrnoException).code ?? ''] ?? messageOf(error);
  return new SeastateError(code, `cannot read ${path}: ${why}`, { cause: error });
}
