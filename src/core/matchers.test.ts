import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatSelector, matcher, matchLabels, parseSelector } from './matchers.ts';

const matches = (selector: string, labels: Record<string, string>): boolean =>
  matchLabels(parseSelector(selector), (name) => labels[name]);

describe('parseSelector', () => {
  test.each([
    ['up', '{__name__="up"}'],
    ['up{}', '{__name__="up"}'],
    ['{}', '{}'],
    [' job:rate5m { a = "b" , c !~ \'d|e\', } ', '{__name__="job:rate5m",a="b",c!~"d|e"}'],
    ['{"http.requests", "k8s.pod"!=``}', '{__name__="http.requests","k8s.pod"!=""}'],
    ['{a="\\u00e9\\n\\x41"}', '{a="é\\nA"}'],
  ])('%s reads as %s', (text, canonical) => {
    expect(formatSelector(parseSelector(text))).toBe(canonical);
  });

  test.each([
    ['', 'column 1: expected a metric name or {, at the end'],
    ['{a}', 'column 3: expected =, !=, =~ or !~, at "}"'],
    ['{a="b" c="d"}', 'column 8: expected , or }, at "c=\\"d\\"}"'],
    ['{a=b}', 'column 4: expected a string in quotes, at "b}"'],
    ['{a="b', 'column 4: unterminated string'],
    ['{a=~"("}', 'column 5: regex: '],
    ['{a=~"(?=x)"}', 'regex: "(?=x" is not supported'],
    ['{a="\\q"}', 'unknown escape \\q'],
    ['up{} by', 'column 6: expected the end, at "by"'],
    ['up{"down"}', 'the metric name is given twice'],
    ['{="x"}', 'column 2: expected a label name'],
  ])('%s is refused: %s', (text, message) => {
    expect(() => parseSelector(text)).toThrow(message);
  });

  test('every text that formatSelector makes reads as the same matchers', () => {
    const any = fc.record({
      name: fc.string({ unit: 'grapheme', minLength: 1 }),
      op: fc.constantFrom('=' as const, '!=' as const),
      value: fc.string({ unit: 'grapheme' }),
    });
    fc.assert(
      fc.property(fc.array(any), (list) => {
        const text = formatSelector(list.map(({ name, op, value }) => matcher(name, op, value)));
        const read = parseSelector(text).map(({ name, op, value }) => ({ name, op, value }));
        expect(read).toEqual(list);
      }),
    );
  });
});

describe('matchLabels', () => {
  const labels = { __name__: 'up', job: 'api', empty: '' };
  test.each([
    ['up', true],
    ['down', false],
    ['up{job=~"a.i"}', true],
    ['up{job=~"a"}', false],
    ['up{job!~"a|b"}', true],
    ['up{job=~"web|api"}', true],
    ['up{missing=""}', true],
    ['up{missing!=""}', false],
    ['up{missing=~".*"}', true],
    ['up{missing=~".+"}', false],
    ['{__name__=~"up|down",job!="web"}', true],
  ])('%s: %s', (selector, expected) => {
    expect(matches(selector, labels)).toBe(expected);
  });
});
