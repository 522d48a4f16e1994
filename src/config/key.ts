import type { z } from 'zod';

/** Whether a reload (SIGHUP, `/-/reload`) takes a changed key, or only a restart does. */
export type Reload = 'live' | 'restart';

/** Describes a key of the file: its text and when a change of it counts (default: its parent's). */
export function key<T extends z.ZodType>(schema: T, description: string, reload?: Reload): T {
  return schema.meta({ ...schema.meta(), description, ...(reload ? { reload } : {}) }) as T;
}
