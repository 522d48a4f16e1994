import { buildCommand } from '@stricli/core';
import { buildInfo } from '../../self/build.ts';
import type { CliContext } from '../context.ts';
import { formatFlag } from '../flags.ts';
import { type OutputFormat, rowWriter } from '../output/rows.ts';

interface Flags {
  readonly output?: OutputFormat;
}

export const versionCommand = buildCommand<Flags, [], CliContext>({
  async func({ output }) {
    if (output === undefined) {
      const { version, node, platform } = buildInfo;
      this.out.write(`seastate ${version} (Node ${node.slice(1)}, ${platform})\n`);
      return;
    }
    const rows = rowWriter(this, output, ['version', 'node', 'platform']);
    await rows.write(buildInfo);
    await rows.end();
  },
  parameters: { flags: { output: formatFlag }, aliases: { o: 'output' } },
  docs: {
    brief: 'Say which version this is',
    customUsage: ['', { input: '-o json', brief: 'for programs' }],
  },
});
