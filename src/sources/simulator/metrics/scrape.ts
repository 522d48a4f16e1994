import { gauge } from './kinds.ts';
import type { NumberMetric } from './metric.ts';

/** What Prometheus adds to each scrape. */
export interface ScrapeReport {
  isUp: boolean;
  seconds: number;
  samples: number;
  seriesAdded: number;
}

const reported: readonly NumberMetric<ScrapeReport>[] = [
  gauge('up', (report) => (report.isUp ? 1 : 0)),
  gauge('scrape_duration_seconds', (report) => report.seconds),
  gauge('scrape_samples_scraped', (report) => report.samples),
  gauge('scrape_samples_post_metric_relabeling', (report) => report.samples),
  gauge('scrape_series_added', (report) => report.seriesAdded),
];

/** Without metadata, as Prometheus makes them itself. */
export const scrapeMetrics: readonly NumberMetric<ScrapeReport>[] = reported.map((metric) => ({
  ...metric,
  help: '',
}));
