import type { FeedbackMark } from '../../log/feedback.ts';
import { type ApiFlags, apiOf, dataOf } from '../api.ts';
import { type CliContext, say } from '../context.ts';

export interface FeedbackFlags extends ApiFlags {
  readonly for?: string;
  readonly note?: string;
  readonly like: boolean;
}

interface Answer {
  readonly anomaly: string;
  readonly like?: boolean;
  readonly until?: string;
}

export async function feedback(
  this: CliContext,
  flags: FeedbackFlags,
  id: string,
  mark: FeedbackMark,
): Promise<void> {
  const api = await apiOf(this, flags);
  const { note, like } = flags;
  const body = { anomaly: withoutRevision(id), mark, like, for: flags.for, note };
  const answer = await api.ask('/api/v1/feedback', body);
  const { anomaly, until } = await dataOf<Answer>(api, answer);
  const where = like ? 'this series and its like' : 'this series';
  const what = until ? `expected on ${where} until ${until} (log time)` : 'confirmed';
  say(this, `anomaly ${anomaly}: ${what}`);
}

/** `id` of a record is its subject and revision. */
const withoutRevision = (id: string): string => id.replace(/\/\d+$/, '');
