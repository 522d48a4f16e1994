import { expect, test } from 'vitest';
import { settingsContent } from '../../src/config/content.ts';
import { openConfig } from '../../src/config/open.ts';
import { engineSettings } from '../../src/engine/settings.ts';
import { gatewayOptionsOf } from '../../src/gateway/from-config.ts';
import { gatewayOptions } from '../../src/gateway/options.ts';
import { journalDefaults } from '../../src/log/journal/options.ts';
import { serverOptionsOf } from '../../src/server/from-config.ts';
import { serverOptions } from '../../src/server/server.ts';

/** The parts have defaults of their own for tests; users see those of the configuration. */
const { config } = openConfig({ env: {} });

test('the engine', () => {
  expect(engineSettings.parse(settingsContent(config.settings))).toEqual(engineSettings.parse({}));
  // Every setting of the engine can be set from the file.
  const content = settingsContent(config.settings);
  expect(Object.keys(content)).toEqual(expect.arrayContaining(Object.keys(engineSettings.shape)));
});

test('the gateway', () => {
  expect(gatewayOptionsOf(config)).toEqual(gatewayOptions());
});

test('the server', () => {
  const listen = { host: '127.0.0.1', port: 9797 };
  expect(serverOptionsOf(config, 'web/dist')).toEqual(serverOptions({ listen }));
});

test('the journals', () => {
  const { input, outputs, segment_size, cache_size, pending_size_max } = config.process.log.journal;
  expect({
    input: { segmentBytes: segment_size, retentionMs: input.retention, bytesMax: input.size_max },
    outputs: {
      segmentBytes: segment_size,
      retentionMs: outputs.retention,
      bytesMax: outputs.size_max,
    },
    cacheBytes: cache_size,
    pendingBytesMax: pending_size_max,
  }).toEqual({
    input: journalDefaults.input,
    outputs: journalDefaults.outputs,
    cacheBytes: journalDefaults.cacheBytes,
    pendingBytesMax: journalDefaults.pendingBytesMax,
  });
});
