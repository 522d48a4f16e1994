import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { selectorOf } from './selector.ts';

test.each(['X', `it's "down"`, `'; echo run; '`, `'`, '$(echo run) `echo run` \\', 'a\nb'])(
  'a shell takes the selector of %j as one word, and runs nothing of it',
  (alertname) => {
    const said = execFileSync('sh', ['-c', `printf '<%s>' ${selectorOf({ alertname })}`]);
    expect(said.toString()).toBe(`<{alertname=${JSON.stringify(alertname)}}>`);
  },
);
