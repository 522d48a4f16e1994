import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Real programs that `node scripts/setup.mjs test` has fetched; undefined where it could not. */
const cached = (path: string): string | undefined => {
  const file = fileURLToPath(new URL(`../../.cache/${path}`, import.meta.url));
  return existsSync(file) ? file : undefined;
};

/** Debian's Prometheus: 2.x, sends remote write 1.0. */
export const prometheusDebian = cached('prometheus-debian/usr/bin/prometheus');
/** Its tool, for checks of metrics and rules. */
export const promtool = cached('prometheus-debian/usr/bin/promtool');
/** Prometheus 3.9, sends 2.0 when asked: there only where Go is. */
export const prometheus3 = cached('prometheus-3/prometheus');

const inPath = (name: string): string[] =>
  (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name));

export const chromium = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
  .flatMap(inPath)
  .find((file) => existsSync(file));
