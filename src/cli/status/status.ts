import { SeastateError } from '../../core/errors.ts';
import { type ApiFlags, apiOf, dataOf } from '../api.ts';
import type { CliContext } from '../context.ts';
import { type OutputFormat, type Row, rowWriter, writeText } from '../output/rows.ts';

export interface StatusFlags extends ApiFlags {
  readonly output?: OutputFormat;
}

export async function status(this: CliContext, flags: StatusFlags): Promise<void> {
  const api = await apiOf(this, flags);
  const ready = await api.ask('/-/ready');
  const data = await dataOf<Row>(api, await api.ask('/api/v1/status'));
  await show(this, flags, { url: api.url, ready: ready.ok, ...data });
  if (!ready.ok) throw new SeastateError('status', (await ready.text()).trim());
}

/** Plain values as one table; each list of objects as a table of its own. */
async function show(context: CliContext, { output }: StatusFlags, data: Row): Promise<void> {
  if (output !== undefined && output !== 'table') {
    const rows = rowWriter(context, output, Object.keys(data));
    await rows.write(data);
    await rows.end();
    return;
  }
  const facts = rowWriter(context, 'table', ['name', 'value']);
  for (const [name, value] of flat(data, '')) await facts.write({ name, value });
  await facts.end();
  for (const [name, list] of Object.entries(data)) {
    if (!isList(list) || list.length === 0) continue;
    await writeText(context.out, `\n${name}\n`);
    const columns = [...new Set(list.flatMap((row) => Object.keys(row)))];
    const table = rowWriter(context, 'table', columns);
    for (const row of list) await table.write(withDates(row));
    await table.end();
  }
}

/** Moments, told in ms, as people read them. */
function withDates(row: Row): Row {
  const isMoment = (name: string, value: unknown): value is number =>
    (name === 'clock' || name === 'seen') && typeof value === 'number';
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      isMoment(name, value) ? new Date(value).toISOString() : value,
    ]),
  );
}

const isList = (value: unknown): value is Row[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'object' && item !== null);

function* flat(data: Row, prefix: string): Iterable<[string, unknown]> {
  for (const [name, value] of Object.entries(data)) {
    if (isList(value)) continue;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      yield* flat(value as Row, `${prefix}${name}.`);
    } else yield [prefix + name, value];
  }
}
