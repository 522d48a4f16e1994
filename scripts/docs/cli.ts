import { generateHelpTextForAllCommands } from '@stricli/core';
import { app } from '../../src/cli/app.ts';
import { generated } from './markdown.ts';

export function cliPage(): string {
  const commands = generateHelpTextForAllCommands(app as never)
    .map(([route, help]) => `## ${route}\n\n\`\`\`text\n${help.trimEnd()}\n\`\`\`\n`)
    .join('\n');
  return `${generated}
# Command line

Data goes to stdout, talk to stderr. \`NO_COLOR\` is heeded. Verbs that follow write JSON lines to a
pipe and a table to a terminal; \`-o\` says otherwise.

| exit code | meaning |
| --- | --- |
| 0 | ok |
| 1 | a problem: the message says which |
| 2 | wrong usage |

Times (\`--from\`, \`--to\`) are RFC 3339, unix seconds, \`now\` or an age such as \`-1h\`.

${commands}`;
}
