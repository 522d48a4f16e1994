/** Whether `mark` stands in front of `at` in bytes[start, at). */
export function endsWith(bytes: Uint8Array, mark: Uint8Array, start: number, at: number): boolean {
  const from = at - mark.length;
  if (from < start) return false;
  for (let i = 0; i < mark.length; i++) if (bytes[from + i] !== mark[i]) return false;
  return true;
}

/** The object in `text`; undefined where it is not JSON, or no object. */
export function parseJson<T extends object>(text: string): T | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}
