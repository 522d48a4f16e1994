import { expect, test } from 'vitest';
import { utf8 } from '../../core/bytes.ts';
import { matchLabels, parseSelector } from '../../core/matchers.ts';
import { Identity } from './identity.ts';

const names = ['__name__', 'job', 'pod'];
const values = ['', 'up', 'api', 'db'];

test('matchers by ids of symbols say what they say of the labels', () => {
  const identity = new Identity();
  for (const [a, b, c] of values.flatMap((x) =>
    values.flatMap((y) => values.map((z) => [x, y, z])),
  )) {
    const given = [a!, b!, c!].flatMap((value, i) => (value === '' ? [] : [[names[i]!, value]]));
    const pairs = given.map((pair) => pair.map((each) => identity.symbols.intern(utf8(each!))));
    identity.add(0, pairs.sort(([x], [y]) => x! - y!).flat());
  }
  const texts = ['=', '!=', '=~', '!~'].flatMap((op) =>
    ['', 'up', 'api|db', 'a.*', '.*', '.+', 'never'].flatMap((value) =>
      ['job', 'pod', 'nowhere'].map((name) => `{__name__=~"up|api|",${name}${op}"${value}"}`),
    ),
  );
  for (const text of texts) {
    const matchers = parseSelector(text);
    const test = identity.tester(matchers);
    for (let slot = 0; slot < identity.count; slot++) {
      const expected = matchLabels(matchers, (name) => identity.label(slot, name));
      expect([text, identity.labels(slot), test?.(slot) ?? false]).toEqual([
        text,
        identity.labels(slot),
        expected,
      ]);
    }
  }
});
