import { writeSync } from 'node:fs';
import { openJournals } from '../../log/journal/journals.ts';
import { openView } from './view.ts';

/** The process of the tests that is killed: `node test-child.ts LOG VIEW` feeds a view. */
if (import.meta.main) {
  const [, , dir = '', path = ''] = process.argv;
  const log = await openJournals({ dir, topics: [], now: Date.now, readOnly: true, pollMs: 5 });
  const view = await openView(path);
  writeSync(1, 'following\n');
  await view.follow(log, new AbortController().signal);
}
