import { dataLayout } from '../../config/layout.ts';
import { openView } from '../../sinks/sqlite-view/view.ts';
import { type CliContext, say } from '../context.ts';
import type { ConfigFlags } from '../flags.ts';
import { loadConfig } from '../load-config.ts';
import { type OutputFormat, rowWriter } from '../output/rows.ts';

export interface QueryFlags extends ConfigFlags {
  readonly limit: number;
  readonly output?: OutputFormat;
}

export async function query(this: CliContext, flags: QueryFlags, sql: string): Promise<void> {
  const { config } = await loadConfig(this, flags);
  const view = await openView(dataLayout(config.process.data).view, { readOnly: true });
  try {
    const text = sql === '-' ? await readAll(process.stdin) : sql;
    const { columns, rows, isCut } = view.query(text, [], flags.limit);
    const writer = rowWriter(this, flags.output ?? 'table', columns);
    for (const row of rows) {
      await writer.write(Object.fromEntries(columns.map((name, i) => [name, row[i]])));
    }
    await writer.end();
    if (isCut) say(this, `there are more than ${flags.limit} rows: --limit raises it`);
  } finally {
    view.close();
  }
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
