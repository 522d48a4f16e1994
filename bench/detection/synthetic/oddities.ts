import type { Chance, Change } from './character.ts';

/** Events of one kind each, for characters that say which kinds are found. */
type Oddity = (c: Chance, length: number) => Change;

const either = (c: Chance): number => (c.random() < 0.5 ? -1 : 1);

/** Off by so many sizes of the noise, up or down. */
export const off =
  (least: number, most: number): Oddity =>
  (c) => {
    const size = either(c) * (least + (most - least) * c.random());
    return (v, sigma) => v + size * sigma;
  };

/** Away from where it was, steadily. */
export const away =
  (least: number, most: number): Oddity =>
  (c, length) => {
    const size = either(c) * (least + (most - least) * c.random());
    return (v, sigma, k) => v + (size * sigma * (k + 1)) / length;
  };

/** More noise, so many times. */
export const noisier =
  (least: number, most: number): Oddity =>
  (c) => {
    const times = least + (most - least) * c.random();
    return (v, sigma) => v + times * sigma * c.noise();
  };

/** Around `level` there is nothing but noise: a cycle that is missing. */
export const missing =
  (level: number): Oddity =>
  (c) =>
  (_, sigma) =>
    level + sigma * c.noise();

/** Around `level` it swings less or more. */
export const otherHeight =
  (level: number): Oddity =>
  (c) => {
    const part = c.random() < 0.5 ? 0.3 + 0.3 * c.random() : 1.4 + 0.6 * c.random();
    return (v) => level + part * (v - level);
  };

export const oneOf =
  (...of: Oddity[]): Oddity =>
  (c, length) =>
    of[c.between(0, of.length - 1)]!(c, length);
