import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { outputTopics, telemetryTopic } from '../../src/log/topics.ts';
import { stages } from '../../src/processors/stages.ts';
import { hasSpark } from '../parts/spark.ts';

/**
 * What the bridge's byte code may refer to: one jar for several Spark versions needs Spark's public
 * API only (its Java documentation lists these packages and classes).
 */
const allowed = [
  /^java\//,
  // The module jdk.httpserver, documented.
  /^com\/sun\/net\/httpserver\//,
  /^io\/seastate\/spark\//,
  /^com\/fasterxml\/jackson\//,
  /^org\/apache\/hadoop\/(conf|fs|fs\/permission)\/[A-Z]\w*$/,
  /^scala\/(Option|Tuple2|collection\/.*|jdk\/javaapi\/CollectionConverters\$?)$/,
  /^org\/apache\/spark\/(SparkContext|SparkFiles|TaskContext)\$?$/,
  /^org\/apache\/spark\/api\/java\/function\/\w+$/,
  /^org\/apache\/spark\/util\/LongAccumulator$/,
  /^org\/apache\/spark\/sql\/(Dataset|Encoder|Encoders|KeyValueGroupedDataset|Row|RowFactory)$/,
  /^org\/apache\/spark\/sql\/(RuntimeConfig|SparkSession|SparkSession\$Builder)$/,
  /^org\/apache\/spark\/sql\/streaming\/[A-Z]\w*(\$\w+)?$/,
  /^org\/apache\/spark\/sql\/types\/[A-Z]\w*$/,
];

/** Classes that a class file refers to, and texts in its code (JVM specification, 4.4). */
function constantsOf(file: Buffer): { classes: string[]; strings: string[] } {
  const texts = new Map<number, string>();
  const classes: number[] = [];
  const strings: number[] = [];
  let at = 10;
  const sizes: Record<number, number> = {
    3: 5,
    4: 5,
    5: 9,
    6: 9,
    7: 3,
    8: 3,
    15: 4,
    16: 3,
    19: 3,
    20: 3,
  };
  const count = file.readUInt16BE(8);
  for (let i = 1; i < count; i++) {
    const tag = file[at]!;
    if (tag === 1) {
      const length = file.readUInt16BE(at + 1);
      texts.set(i, file.toString('utf8', at + 3, at + 3 + length));
      at += 3 + length;
      continue;
    }
    if (tag === 7) classes.push(file.readUInt16BE(at + 1));
    if (tag === 8) strings.push(file.readUInt16BE(at + 1));
    if (tag === 5 || tag === 6) i++;
    at += sizes[tag] ?? 5;
  }
  const named = classes.map((index) => texts.get(index)!.replace(/^\[+L?|;$/g, ''));
  // Types in signatures as well: a private type may be passed on without being named as a class.
  const signatures = [...texts.values()].filter((text) => /^[([L].*[;)VIJZ]$/.test(text));
  const inside = signatures.flatMap((text) =>
    [...text.matchAll(/L([\w/$]+)[;<]/g)].map((m) => m[1]!),
  );
  return {
    classes: [...named, ...inside].filter((name) => name.includes('/')),
    strings: strings.map((index) => texts.get(index)!),
  };
}

function classFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.class'))
    .map((name) => join(folder, name));
}

describe.skipIf(!hasSpark())('the byte code of the bridge', () => {
  const folder = fileURLToPath(new URL('../../spark/target/classes', import.meta.url));

  test('refers to public classes only', () => {
    const files = classFiles(folder);
    expect(files.length).toBeGreaterThan(10);
    const found = new Set(files.flatMap((file) => constantsOf(readFileSync(file)).classes));
    expect(found).toContain('org/apache/spark/sql/streaming/StatefulProcessor');
    expect([...found].filter((name) => !allowed.some((rule) => rule.test(name)))).toEqual([]);
  });

  test('knows no stage, topic or processor by its name', () => {
    const words = [...Object.keys(stages), telemetryTopic, ...outputTopics];
    const processors = Object.values(stages).flatMap((list) => list.map(({ name }) => name));
    const texts = classFiles(folder).flatMap((file) => constantsOf(readFileSync(file)).strings);
    expect(texts).toContain('settings');
    expect([...words, ...processors].filter((word) => texts.includes(word))).toEqual([]);
  });

  test('the check sees a private class', () => {
    const name = 'org/apache/spark/sql/execution/streaming/state/StateStore';
    expect(allowed.some((rule) => rule.test(name))).toBe(false);
  });
});
