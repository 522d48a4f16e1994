import { expect, test } from 'vitest';
import { compileRe2 } from './re2.ts';

// Expected values: Go's regexp package (MustCompile("^(?s:" + p + ")$")).
test.each([
  ['a.c', 'a\nc', true],
  ['a|bc', 'xbc', false],
  ['(?i)etcd.*', 'ETCD_size', true],
  ['(?i:a)b', 'AB', false],
  ['(?P<x>a+)', 'aaa', true],
  ['[[:alpha:]]+', 'abC', true],
  ['[[:alpha:]_]+', 'a1', false],
  ['[]a]+', ']a', true],
  ['[^]a]+', 'b]', false],
  ['[\\w-.]+', 'a-b.c', true],
  ['[a-c-]+', 'b-', true],
  ['[0-9]{2,3}', '1234', false],
  ['a{,2}', 'a{,2}', true],
  ['\\pL+', 'é', true],
  ['\\p{Greek}', 'α', true],
  ['\\x41\\x{1F600}', 'A😀', true],
  ['\\Qa.b\\E+', 'a.bb', true],
  ['\\A[\\s]\\z', ' ', true],
  ['\\s', '\u00a0', false],
  ['.', '😀', true],
  ['a\\-b\\_c\\"', 'a-b_c"', true],
  ['((?i)a)b', 'Ab', true],
  ['((?i)a)b', 'AB', false],
  ['x}y]', 'x}y]', true],
  ['', '', true],
  ['.', '\u00e9', true],
  ['..', '😀', false],
  ['[^a]', '😀', true],
  ['[^a]{2}', '😀', false],
  ['\\D\\S\\W', '😀😀😀', true],
  ['[^\\D]', '5', true],
  ['[0-9a-f]{40}-.*', `${'a'.repeat(40)}-😀`, true],
  ['(?i)[a-c]x[^d]', 'BXe', true],
  ['(?i)[a-c]x[^d]', 'BXD', false],
  ['(?i)ks', '\u212a\u017f', true],
  ['(?i)\\w\\w', '\u212a\u017f', true],
  ['(?i)\\W', '\u212a', false],
  ['(?i)\\Qa.\\E\\x62+', 'A.BbB', true],
  ['a(?i:b(?-i:c)d)e', 'aBcDe', true],
  ['a(?i:b(?-i:c)d)e', 'aBCDe', false],
  ['(?i)a|b', 'B', true],
  ['(?-s)a.', 'a\n', false],
  ['(?-s:.)(?s:.)', 'a\n', true],
  ['(?i)[[:lower:]]+\\.', 'AZ.', true],
  ['(?i)é.*', 'ÉX', true],
  ['(?i)\\xe9[\\xe0-\\xe8]', 'ÉÀ', true],
])('%s on %j: %s', (pattern, text, expected) => {
  expect(compileRe2(pattern).test(text)).toBe(expected);
});

test.each([
  ['(', 'Unterminated group'],
  ['a)', 'unexpected ")"'],
  ['[a', 'missing closing ]'],
  ['(?!a)', 'not supported'],
  ['(?<=a)b', 'not supported'],
  ['(a)\\1', '"\\1" is not supported'],
  ['a{1001}', 'above 1000'],
  ['a\\', 'trailing backslash'],
  ['a(?i)b', 'where flags do not start a group'],
  ['*a', 'Nothing to repeat'],
  ['(?i)é(a+)+b', 'take for ever'],
  ['(?i)[z-a]', 'out of order'],
  ['\\pL*\\pL*b', 'take for ever'],
  ['(a?){50}a{50}b', 'take for ever'],
])('%s is refused: %s', (pattern, message) => {
  expect(() => compileRe2(pattern)).toThrow(message);
});

test.each(['(a*)*b', '(a|a|aa)+b', '(.*a){12}b', '.*.*.*.*.*.*b', '(?:[^b]+x?)*b', '(?i)(A+)+b'])(
  '%s is done with a long text in a moment',
  (pattern) => {
    const regexp = compileRe2(pattern);
    expect(regexp.test('a'.repeat(5_000))).toBe(false);
    expect(regexp.test(`${'a'.repeat(5_000)}b`)).toBe(true);
  },
);

test.each([
  '(?i).*error.*',
  '(?i).*error.*|.*fail.*',
  '(?i).*node.*(lost|gone).*',
  '(?i:a+)b+.*c+',
  '(?i:prod|test)-[0-9]+',
  '(?i)(a|b)?c',
  '[0-9a-f]{40}.*',
  'prod-?[0-9]{20,30}-.*',
  '\\p{Greek}+',
])('%s is taken', (pattern) => {
  expect(() => compileRe2(pattern)).not.toThrow();
});
