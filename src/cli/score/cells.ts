import { parseMoment } from './moment.ts';

/** A cell without a value: a gap, and no mistake. */
export const isEmpty = (cell: string): boolean => /^(|nan|null|na|n\/a|none|-)$/i.test(cell);

/**
 * The number in a cell, NaN where it holds none. Where fields are separated by semicolons, a comma
 * is a decimal comma.
 */
export function numberOf(cell: string, hasDecimalComma: boolean): number {
  if (cell === '') return Number.NaN;
  const value = Number(cell);
  if (!Number.isNaN(value)) return value;
  const infinite = /^([-+]?)inf(inity)?$/i.exec(cell);
  if (infinite) return infinite[1] === '-' ? -Infinity : Infinity;
  if (!hasDecimalComma || !/^[-+]?\d+,\d+(e[-+]?\d+)?$/i.test(cell)) return Number.NaN;
  return Number(cell.replace(',', '.'));
}

/** Whether a cell holds a number, a time or the word for none. */
export const isData = (cell: string, hasDecimalComma: boolean): boolean =>
  cell !== '' &&
  (isEmpty(cell) ||
    !Number.isNaN(numberOf(cell, hasDecimalComma)) ||
    !Number.isNaN(parseMoment(cell)));
