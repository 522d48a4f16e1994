import { type CliContext, hasColor, type TextStream } from '../context.ts';
import { csvLine } from './csv.ts';
import { StreamingTable } from './table.ts';

export const outputFormats = ['table', 'json', 'jsonl', 'csv'] as const;
export type OutputFormat = (typeof outputFormats)[number];

export type Row = Readonly<Record<string, unknown>>;

/** Writes rows one by one as they come; `end` finishes what was begun. */
export interface RowWriter {
  /** Resolves when the stream can take more. */
  write(row: Row): Promise<void>;
  /** Shows what is held back: no more rows are expected for a while. */
  flush(): Promise<void>;
  end(): Promise<void>;
}

/**
 * A writer to the context's stdout. `columns` are shown, in this order, by `table` and `csv`;
 * `json` and `jsonl` have all keys of a row.
 */
export function rowWriter(
  context: CliContext,
  format: OutputFormat,
  columns: readonly string[],
): RowWriter {
  const put = (text: string): Promise<void> => writeText(context.out, text);
  if (format === 'table') {
    const { out } = context;
    const table = new StreamingTable(columns, {
      bold: hasColor(context, out),
      ...(out.isTTY && out.columns ? { width: out.columns } : {}),
    });
    return {
      write: (row) => put(table.line(columns.map((name) => row[name]))),
      flush: () => put(table.flush()),
      end: () => put(table.flush()),
    };
  }
  if (format === 'csv') {
    let header = csvLine(columns);
    return {
      write: (row) => {
        const text = header + csvLine(columns.map((name) => row[name]));
        header = '';
        return put(text);
      },
      flush: nothing,
      end: () => put(header),
    };
  }
  if (format === 'jsonl') {
    return {
      write: (row) => put(`${JSON.stringify(row, bigintsAsText)}\n`),
      flush: nothing,
      end: nothing,
    };
  }
  let before = '[\n';
  return {
    write: (row) => {
      const text = `${before}  ${JSON.stringify(row, bigintsAsText)}`;
      before = ',\n';
      return put(text);
    },
    flush: nothing,
    end: () => put(before === '[\n' ? '[]\n' : '\n]\n'),
  };
}

const nothing = (): Promise<void> => Promise.resolve();

export function writeText(stream: TextStream, text: string): Promise<void> {
  if (text === '') return Promise.resolve();
  return new Promise((resolve) => stream.write(text, resolve));
}

const bigintsAsText = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value;
