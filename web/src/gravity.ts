import type { Alert } from './api.ts';

/** What a severity weighs, whatever its word: the colours of the page. */
export type Level = 'critical' | 'warning' | 'info' | 'none';

export const levels: readonly Level[] = ['critical', 'warning', 'info', 'none'];

const known: ReadonlyMap<string, Level> = new Map([
  ['critical', 'critical'],
  ['page', 'critical'],
  ['emergency', 'critical'],
  ['error', 'critical'],
  ['major', 'critical'],
  ['high', 'critical'],
  ['info', 'info'],
  ['low', 'info'],
  ['none', 'none'],
  ['', 'none'],
]);

export const levelOf = (severity: string): Level => known.get(severity.toLowerCase()) ?? 'warning';

/** How many of each level, the gravest first, without those of which there is none. */
export function countLevels(severities: readonly string[]): readonly [Level, number][] {
  const counts = new Map<Level, number>(levels.map((level) => [level, 0]));
  for (const severity of severities) {
    const level = levelOf(severity);
    counts.set(level, counts.get(level)! + 1);
  }
  return [...counts].filter(([, n]) => n > 0);
}

/** Firing before resolved; the gravest first, then the newest. */
export function byUrgency(a: Alert, b: Alert): number {
  if (a.state !== b.state) return a.state === 'firing' ? -1 : 1;
  if (a.state === 'resolved') return b.end!.localeCompare(a.end!);
  const rank = ({ severity }: Alert): number => levels.indexOf(levelOf(severity));
  return rank(a) - rank(b) || b.start.localeCompare(a.start);
}
