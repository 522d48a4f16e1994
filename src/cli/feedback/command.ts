import { buildCommand } from '@stricli/core';
import { feedbackMarks } from '../../log/feedback.ts';
import { apiFlags } from '../api.ts';
import type { CliContext } from '../context.ts';
import type { FeedbackFlags } from './feedback.ts';

export const feedbackCommand = buildCommand<
  FeedbackFlags,
  [id: string, mark: (typeof feedbackMarks)[number]],
  CliContext
>({
  loader: async () => (await import('./feedback.ts')).feedback,
  parameters: {
    flags: {
      ...apiFlags,
      for: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'duration',
        brief: 'How long it is expected, in log time; 30d by default',
      },
      note: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'text',
        brief: 'Why, for those who ask later',
      },
      like: {
        kind: 'boolean',
        default: true,
        brief: 'Also on series of the same metric and workload of that cluster',
      },
    },
    positional: {
      kind: 'tuple',
      parameters: [
        { placeholder: 'id', brief: 'The anomaly: its subject', parse: String },
        {
          placeholder: 'mark',
          brief: feedbackMarks.join(' or '),
          parse: markOf,
        },
      ],
    },
  },
  docs: {
    brief: 'Say of an anomaly that it was expected, or right',
    fullDescription:
      'Asks a running server to write the mark into the log. An expected shape (kind, direction, ' +
      'and a deviation of at most twice that of the one marked) is not told again on that series ' +
      'and its like until it expires; what it withholds is counted and shown by `seastate ' +
      'explain`. `confirmed` is kept with the anomaly, and takes back what was expected before.',
    customUsage: [
      { input: 'a1b2c3d4e5f60718293a4b5c expected --for 30d --note "weekly backup"', brief: '' },
      { input: 'a1b2c3d4e5f60718293a4b5c expected --no-like', brief: 'of this series only' },
      { input: 'a1b2c3d4e5f60718293a4b5c confirmed', brief: 'it was right to tell' },
    ],
  },
});

function markOf(text: string): (typeof feedbackMarks)[number] {
  const mark = feedbackMarks.find((known) => known === text);
  if (mark) return mark;
  throw new Error(`"${text}" is no mark: ${feedbackMarks.join(' or ')}`);
}
