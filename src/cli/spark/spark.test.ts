import { expect, test } from 'vitest';
import { type BridgeConfig, javaKafkaOptions, runnerCommand } from './bridge-config.ts';
import { memoryOverheadMiB, shellLine, submitCommand } from './submit.ts';

const config: BridgeConfig = {
  brokers: 'a:9092,b:9092',
  kafka: {},
  checkpoint: 's3a://bucket/checkpoint',
  triggerMs: 500,
  runners: 4,
  command: runnerCommand({ entry: 'files:runner.js' }),
  stages: [{ name: 'cluster', topic: 'telemetry', partitions: 16, targets: { alerts: 1 } }],
};

test('the line for a cluster has room for the runners beside the heap', () => {
  const options = {
    master: 'k8s://https://api:6443',
    executors: 2,
    cores: 4,
    memoryMiB: 4096,
    jar: 'local:///opt/seastate/seastate-spark.jar',
    files: ['runner.js'],
  };
  const command = submitCommand(config, options);
  expect(memoryOverheadMiB(options, 4)).toBe(410 + 256 + 4 * (512 + 150));
  expect(command).toContain('spark.executor.memoryOverhead=3314m');
  expect(command.at(-2)).toBe(options.jar);
  expect(JSON.parse(command.at(-1)!)).toEqual(config);
  const secret = { ...config, kafka: { 'sasl.jaas.config': 'password="sesame"' } };
  expect(() => submitCommand(secret, options)).toThrow('--kafka-file');
  const mounted = submitCommand(secret, { ...options, kafkaFile: '/secrets/kafka.json' });
  expect(mounted.join(' ')).not.toContain('sesame');
  expect(shellLine(['spark-submit', '--conf', 'a=b c', "it's"])).toBe(
    "spark-submit --conf 'a=b c' 'it'\\''s'",
  );
});

test('TLS and SASL of our client as options of the Java client', () => {
  const sasl = { mechanism: 'SCRAM-SHA-512', username: 'ann', password: 'a"b\\' } as const;
  expect(javaKafkaOptions({ sasl })).toEqual({
    'security.protocol': 'SASL_PLAINTEXT',
    'sasl.mechanism': 'SCRAM-SHA-512',
    'sasl.jaas.config':
      'org.apache.kafka.common.security.scram.ScramLoginModule required ' +
      'username="ann" password="a\\"b\\\\";',
  });
  expect(javaKafkaOptions({ tls: { ca: 'CA', cert: 'CERT', key: 'KEY' } })).toEqual({
    'security.protocol': 'SSL',
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.certificates': 'CA',
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.certificate.chain': 'CERT',
    'ssl.keystore.key': 'KEY',
  });
  expect(javaKafkaOptions({})).toEqual({});
});
