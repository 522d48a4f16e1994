import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SeastateError } from '../../core/errors.ts';

/** The bridge's jar, and Spark's own jars for local runs, as the set-up makes them. */
export const bridgeJar = fileURLToPath(
  new URL('../../../spark/target/seastate-spark.jar', import.meta.url),
);
export const sparkJars = fileURLToPath(new URL('../../../.cache/spark', import.meta.url));

export const hasSpark = (): boolean => existsSync(bridgeJar) && existsSync(sparkJars);

/** What spark-submit adds by itself on Java 17 (JavaModuleOptions of Spark). */
const opened = [
  'java.base/java.lang',
  'java.base/java.lang.invoke',
  'java.base/java.lang.reflect',
  'java.base/java.io',
  'java.base/java.net',
  'java.base/java.nio',
  'java.base/java.util',
  'java.base/java.util.concurrent',
  'java.base/java.util.concurrent.atomic',
  'java.base/jdk.internal.ref',
  'java.base/sun.nio.ch',
  'java.base/sun.nio.cs',
  'java.base/sun.security.action',
  'java.base/sun.util.calendar',
  'java.security.jgss/sun.security.krb5',
];

export interface LocalJava {
  readonly heapMiB?: number;
  /** Quick to start and small rather than fast: for tests. */
  readonly brief?: boolean;
  /** Another main class, with the folder of its classes: for benches. */
  readonly other?: { readonly main: string; readonly classes: string };
}

/** Program and arguments that run a job in one JVM on this machine. */
export function localJava(configFile: string, java: LocalJava = {}): [string, string[]] {
  if (!hasSpark()) {
    const message = 'no jars of Spark: run mvn -B -q -f spark/pom.xml package';
    throw new SeastateError('spark_missing', message);
  }
  const flags = [
    `-Xmx${java.heapMiB ?? 1024}m`,
    ...(java.brief ? ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'] : []),
    '-Dlog4j2.configurationFile=seastate-log4j2.properties',
    '-Djdk.reflect.useDirectMethodHandle=false',
    ...opened.map((name) => `--add-opens=${name}=ALL-UNNAMED`),
  ];
  const extra = java.other ? `${java.other.classes}:` : '';
  const classPath = `${extra}${bridgeJar}:${sparkJars}/*`;
  const main = java.other?.main ?? 'io.seastate.spark.Main';
  return ['java', [...flags, '-cp', classPath, main, configFile]];
}

/** Settings of Spark for a run in one JVM with `cores` task slots. */
export function localSettings(cores: number): Record<string, string> {
  return {
    // The second number: attempts of a task. With local[n] the first failure would end the query.
    'spark.master': `local[${cores},4]`,
    'spark.ui.enabled': 'false',
    'spark.driver.bindAddress': '127.0.0.1',
    'spark.driver.host': '127.0.0.1',
    // Local checkpoints: no child process per file, no checksum beside each.
    'spark.hadoop.fs.file.impl': 'io.seastate.spark.QuickLocalFileSystem',
    'spark.sql.streaming.checkpointFileManagerClass':
      'org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager',
    'spark.sql.streaming.checkpoint.fileChecksum.enabled': 'false',
  };
}
