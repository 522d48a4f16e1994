import { isData, isEmpty, numberOf } from './cells.ts';
import { CsvParser, type Separator } from './csv.ts';
import { clockOf } from './moment.ts';

/** Columns that the user names, by header or by number from 1. */
export interface AskedColumns {
  readonly time?: string;
  readonly value?: string;
  readonly series?: string;
}

/** How a file is to be read. */
export interface Layout {
  readonly separator: Separator;
  readonly hasHeader: boolean;
  /** Index of the column; -1: there is none. */
  readonly time: number;
  readonly value: number;
  readonly series: number;
}

const timeNames =
  /^_?@?(time_?stamps?(_?[mun]?s)?|time|ts|t|date|date[ _/]?time|date_?time|ds|epoch|unix(_?time)?|when)$/i;
const valueNames = /^_?(value|val|v|y|values|data|metric_value)$/i;
/** What is known of a row beside its value. */
const markNames = /^(is_?)?(anomaly|anomalous|outlier|labels?|class|target|truth|changepoint)$/i;
const seriesNames =
  /^(id|name|metric|series|labels|host|instance|(series|kpi|item|unique)[ _]?id)$/i;
const indexNames = /^(|index|idx|row|#|unnamed: 0)$/i;

/** How a file that begins like this is to be read; throws what the user has to choose. */
export function layoutOf(head: string, asked: AskedColumns): Layout {
  const readings = ([',', ';', '\t'] as const).map((separator) => readingOf(head, separator));
  const [first, ...others] = readings;
  const best = others.reduce((a, b) => (isBetter(b, a) ? b : a), first!);
  return columnsOf(best, asked);
}

interface Reading {
  readonly separator: Separator;
  readonly rows: readonly (readonly string[])[];
  /** Share of the cells that hold data. */
  readonly data: number;
}

function readingOf(head: string, separator: Separator): Reading {
  const rows: string[][] = [];
  const parser = new CsvParser((row) => rows.push(row.map((cell) => cell.trim())), separator);
  parser.push(head);
  parser.end();
  const cells = rows.slice(rows.length > 1 ? 1 : 0).flat();
  const data = cells.filter((cell) => isData(cell, separator === ';')).length;
  return { separator, rows, data: cells.length === 0 ? 0 : data / cells.length };
}

const widthOf = ({ rows }: Reading): number => rows[0]?.length ?? 0;

/** The right separator gives the most cells that can be read, or else the most cells. */
function isBetter(a: Reading, b: Reading): boolean {
  if (widthOf(a) < 2 || widthOf(b) < 2) return widthOf(a) > widthOf(b);
  return a.data === b.data ? widthOf(a) > widthOf(b) : a.data > b.data;
}

function columnsOf({ separator, rows }: Reading, asked: AskedColumns): Layout {
  const width = rows[0]?.length ?? 0;
  const hasHeader = !(rows[0] ?? []).some((cell) => isData(cell, separator === ';'));
  const names = (hasHeader ? rows[0] : undefined) ?? [];
  const cells = rows.slice(hasHeader ? 1 : 0);
  const table = { width, names, column: (at: number) => cells.map((row) => row[at] ?? '') };
  const series = chosen(asked.series, 'series', table);
  const time =
    asked.time === undefined ? timeColumn(table, asked) : chosen(asked.time, 'time', table);
  const value =
    asked.value === undefined
      ? valueColumn(table, time, series, separator)
      : chosen(asked.value, 'value', table);
  return { separator, hasHeader, time, value, series };
}

interface Table {
  readonly width: number;
  /** Empty without a header. */
  readonly names: readonly string[];
  column(at: number): readonly string[];
}

/** The column of that name, or with that number from 1; -1 when none is asked for. */
function chosen(asked: string | undefined, flag: string, { width, names }: Table): number {
  if (asked === undefined) return -1;
  const small = names.map((name) => name.toLowerCase());
  const at = small.indexOf(asked.trim().toLowerCase());
  if (at >= 0) return at;
  const number = /^\d+$/.test(asked) ? Number(asked) : 0;
  if (number >= 1 && number <= width) return number - 1;
  throw new Error(`--${flag} ${asked}: there is no such column; ${columnsText(width, names)}`);
}

const columnsText = (width: number, names: readonly string[]): string =>
  names.length > 0 ? `the columns are ${names.map(shown).join(', ')}` : `it has ${width} columns`;

const shown = (name: string): string => (name === '' ? '""' : name);

function timeColumn(table: Table, { value }: AskedColumns): number {
  const { width, names } = table;
  const named = names.findIndex((name) => timeNames.test(name));
  if (named >= 0 || width < 2) return named;
  const clocks = Array.from({ length: width }, (_, at) =>
    clockOf(table.column(at).find((cell) => !isEmpty(cell)) ?? ''),
  );
  const text = clocks.indexOf('text');
  if (text >= 0) return text;
  const isIndexed = names.length > 0 && indexNames.test(names[0]!);
  const unix = clocks.findIndex((clock) => clock !== undefined && clock !== 'index');
  if (isIndexed && unix > 0) return unix;
  if (valueNames.test(names[0] ?? '') || chosen(value, 'value', table) === 0) return -1;
  return 0;
}

function valueColumn(table: Table, time: number, series: number, separator: Separator): number {
  const { width, names } = table;
  const others = Array.from({ length: width }, (_, at) => at).filter(
    (at) => at !== time && at !== series,
  );
  const named = others.filter((at) => valueNames.test(names[at] ?? ''));
  if (named.length === 1) return named[0]!;
  const isValue = (at: number): boolean => {
    const name = names[at];
    if (name !== undefined && (markNames.test(name) || seriesNames.test(name))) return false;
    if (at === 0 && time !== 0 && width > 2 && isIndex(table, at)) return false;
    return table
      .column(at)
      .every((cell) => isEmpty(cell) || !Number.isNaN(numberOf(cell, separator === ';')));
  };
  const able = (named.length > 1 ? named : others).filter(isValue);
  if (able.length <= 1) return able[0] ?? others[0] ?? 0;
  const which = able.map((at) => (names.length > 0 ? shown(names[at]!) : at + 1)).join(', ');
  throw new Error(
    `several columns could be the value: ${which}; choose one with --value ` +
      `(${columnsText(width, names)})`,
  );
}

/** Whether a column counts the rows. */
function isIndex(table: Table, at: number): boolean {
  if (table.names.length > 0) return indexNames.test(table.names[at]!);
  const cells = table.column(at);
  return cells.length > 1 && cells.every((cell, i) => Number(cell) === Number(cells[0]) + i);
}
