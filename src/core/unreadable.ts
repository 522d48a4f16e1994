import { messageOf, SeastateError } from './errors.ts';

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
  ENOTDIR: 'a part of the path is no folder',
};

/** Says that a file which the user named cannot be read, and why; `code` is the error's. */
export function unreadable(code: string, path: string, error: unknown): SeastateError {
  const why = reasons[(error as NodeJS.ErrnoException).code ?? ''] ?? messageOf(error);
  return new SeastateError(code, `cannot read ${path}: ${why}`, { cause: error });
}

/** What calls do with a path, for people; `open` does not tell whether to read or to write. */
const deeds: Readonly<Record<string, string>> = {
  open: 'open',
  ...{ read: 'read', stat: 'read', lstat: 'read', scandir: 'read', access: 'read' },
  ...{ mkdir: 'make', rename: 'rename', copyfile: 'copy', unlink: 'remove', rm: 'remove' },
};

/** The same of an error of the system that names a path; undefined for every other. */
export function pathFault(error: unknown): string | undefined {
  const { code, path, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  const why = reasons[code ?? ''];
  if (path === undefined || why === undefined) return undefined;
  return `cannot ${deeds[syscall ?? ''] ?? 'use'} ${path}: ${why}`;
}
