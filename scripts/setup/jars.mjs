// Java parts by Maven: the jars of a Kafka broker for the tests, the Spark bridge and Spark's own.
import { existsSync } from 'node:fs';
import { contentHash, inCache, inRoot, isStamped, needProgram, run, stamp } from './house.mjs';

const help = 'Java 17 and Maven (Debian: apt-get install openjdk-17-jdk-headless maven)';

function mavenStep(name, what, pom, sources, products, after) {
  return {
    name,
    what,
    help,
    after,
    product: products.at(-1),
    sources,
    isDone: () =>
      !existsSync(inRoot(pom)) ||
      (products.every((file) => existsSync(file)) && isStamped(name, contentHash(sources))),
    async run() {
      needProgram('java');
      needProgram('mvn');
      const hash = contentHash(sources);
      await run(name, 'mvn', ['-B', '-q', '-DskipTests', '-f', pom, 'package']);
      stamp(name, hash);
    },
  };
}

export const kafkaJars = mavenStep(
  'kafka',
  'fetching the jars of a Kafka broker',
  'test/kafka/pom.xml',
  ['test/kafka/pom.xml'],
  [inCache('kafka')],
);

export const sparkJars = mavenStep(
  'spark',
  "building the bridge and fetching Spark's jars",
  'spark/pom.xml',
  ['spark/pom.xml', 'spark/src/main'],
  [inCache('spark'), inRoot('spark/target/seastate-spark.jar')],
  // One Maven at a time: they share ~/.m2.
  ['kafka'],
);
