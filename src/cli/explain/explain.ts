import type { Config } from '../../config/schema.ts';
import { SeastateError } from '../../core/errors.ts';
import { parseSelector } from '../../core/matchers.ts';
import type { CliContext } from '../context.ts';
import { loadConfig } from '../load-config.ts';
import { writeText } from '../output/rows.ts';
import { withView } from '../view.ts';
import { anomalyText, explainAnomaly } from './anomaly.ts';
import { eventText, explainEvent } from './event.ts';
import { type ExplainFlags, explainSeriesNow } from './series.ts';

/** Subjects of anomalies (24 hex digits) and of events (e and 16), with a revision or without. */
const idPattern = /^(e[0-9a-f]{16}|[0-9a-f]{24})(\/\d+)?$/;

export async function explain(this: CliContext, flags: ExplainFlags, what: string): Promise<void> {
  const { config } = await loadConfig(this, flags);
  const id = idPattern.exec(what)?.[1];
  if (id !== undefined) {
    await writeText(this.out, await explainId(this, config, id, flags.output));
    return;
  }
  await explainSeriesNow(this, config, parseSelector(what), flags);
}

async function explainId(
  context: CliContext,
  config: Config,
  id: string,
  output: ExplainFlags['output'],
): Promise<string> {
  const now = context.now();
  return await withView(config, context, (view) => {
    const event = explainEvent(config, view, id);
    const anomaly = event ? undefined : explainAnomaly(view, id, now);
    const found = event ?? anomaly;
    if (!found) {
      throw new SeastateError(
        'usage',
        `there is no anomaly and no event "${id}" in ${config.process.data}: it is older than what ` +
          'is kept, or of another data folder (--data)',
      );
    }
    if (output === 'json') return `${JSON.stringify(found, null, 2)}\n`;
    return event ? eventText(event, now) : anomalyText(anomaly!, now);
  });
}
