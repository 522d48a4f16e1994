import { readFile } from 'node:fs/promises';
import { messageOf, SeastateError } from '../../core/errors.ts';
import type { CliContext } from '../context.ts';
import { type Row, rowWriter, writeText } from '../output/rows.ts';
import type { StatusFlags } from './command.ts';

const timeoutMs = 10_000;

export async function status(this: CliContext, flags: StatusFlags): Promise<void> {
  const url = (flags.url ?? (this.env['SEASTATE_URL'] || 'http://127.0.0.1:9797')).replace(
    /\/$/,
    '',
  );
  const tokenFile = flags.tokenFile ?? (this.env['SEASTATE_TOKEN_FILE'] || undefined);
  const headers: Record<string, string> = {};
  if (tokenFile !== undefined) {
    const token = (await readFile(tokenFile, 'utf8')).split('\n')[0]!.trim();
    headers['authorization'] = `Bearer ${token}`;
  }
  const ready = await ask(`${url}/-/ready`, headers);
  const answer = await ask(`${url}/api/v1/status`, headers);
  const body = (await answer.json().catch(() => ({}))) as { data?: Row; error?: string };
  if (!answer.ok) {
    throw new SeastateError('status', `${url}: ${body.error ?? `answers ${answer.status}`}`);
  }
  await show(this, flags, { url, ready: ready.ok, ...body.data });
  if (!ready.ok) throw new SeastateError('status', (await ready.text()).trim());
}

async function ask(url: string, headers: Record<string, string>): Promise<Response> {
  try {
    return await fetch(url, { headers, signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    const cause = (error as Error).cause ?? error;
    throw new SeastateError(
      'status',
      `no answer from ${url}: ${messageOf(cause)}; is it running, and is --url right?`,
      { cause: error },
    );
  }
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
