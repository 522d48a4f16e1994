import { cliPage } from './cli.ts';
import { configurationPage, configurationSchema } from './configuration.ts';
import { errorsPage } from './errors.ts';
import { metricsPage } from './metrics.ts';
import { modelsPage } from './models.ts';
import { topicsPage, topicsSchema } from './topics.ts';

/** Text of every generated page of docs/reference, by file name. */
export async function referencePages(): Promise<Record<string, string>> {
  return {
    'cli.md': cliPage(),
    'configuration.md': configurationPage(),
    'configuration.schema.json': configurationSchema(),
    'errors.md': errorsPage(),
    'metrics.md': metricsPage(),
    'models.md': modelsPage(),
    'topics.md': topicsPage(),
    'topics.schema.json': topicsSchema(),
  };
}
