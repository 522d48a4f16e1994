import { families, histograms } from '../../src/self/metrics.ts';
import { code, generated, table } from './markdown.ts';

export function metricsPage(): string {
  const rows = [
    ...families.map(({ name, type, help }) => [code(name), type, help]),
    ...histograms.map(({ name, help }) => [code(name), 'histogram', help]),
  ];
  return `${generated}
# Metrics of our own

\`GET /metrics\`, as text or OpenMetrics. Beside these there are the usual \`process_\` and \`nodejs_\`
metrics. Every drop has a reason: look at \`seastate_gateway_rejected_series_total\`,
\`seastate_gateway_refused_requests_total\` and \`seastate_stage_counts_total\`.

${table(['metric', 'type', 'what it is'], rows)}`;
}
