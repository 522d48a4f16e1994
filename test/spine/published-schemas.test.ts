import { readFileSync } from 'node:fs';
import { fastify } from 'fastify';
import { expect, test } from 'vitest';
import { model as ownBand } from '../../examples/ewma-band/ewma-band.ts';
import { stagesWith } from '../../src/processors/stages.ts';
import { StageDriver } from '../../src/testing/stage-driver.ts';
import { fleetRecords, fleetSettings } from '../parts/fleet-records.ts';
import { fleetLog } from '../rekey/records.ts';

/** The schema that is published, not the code that it is made from. */
const file = new URL('../../docs/reference/topics.schema.json', import.meta.url);
const { $defs } = JSON.parse(readFileSync(file, 'utf8')) as { $defs: Record<string, object> };
const rounds = 720;
const stepMs = 15_000;
const simulatedMinutes = 30;
const startMs = Date.UTC(2026, 10, 1);

type Check = ((data: unknown) => boolean) & { errors?: unknown };

/** The validator of JSON Schema that our server has, changing nothing of what it is given. */
async function validators(): Promise<Map<string, Check>> {
  const customOptions = {
    coerceTypes: false,
    useDefaults: false,
    removeAdditional: false,
  } as const;
  const app = fastify({ ajv: { customOptions } });
  const checks = new Map<string, Check>();
  app.get('/', (request, reply) => {
    for (const [topic, schema] of Object.entries($defs)) {
      checks.set(topic, request.compileValidationSchema(schema as never) as unknown as Check);
    }
    reply.send();
  });
  const { statusCode, body } = await app.inject('/');
  expect(statusCode, body).toBe(200);
  await app.close();
  return checks;
}

const { routes } = fleetSettings.anomalies;
const content = {
  anomalies: {
    scores: fleetSettings.anomalies.scores,
    routes: routes.filter(({ model }) => model !== 'swell'),
  },
  peers: { select: ['{}'] },
};

function driver(): StageDriver {
  const processors = stagesWith({ processors: [], models: [ownBand] })['cluster']!;
  const d = new StageDriver(processors, { partitions: 4, startMs });
  return d.record('settings', { version: 1, sha256: 'x', content });
}

/**
 * Three hours of waves, alerts and histograms in small, and half an hour of a fleet with faults.
 */
function hours(): StageDriver[] {
  const small = driver();
  for (let round = 0; round < rounds; round++) {
    small.now += stepMs;
    for (const { headers, value } of fleetRecords(0, round, small.now)) small.give(headers, value);
  }
  const simulated = driver();
  for (const { timestamp, headers, value } of fleetLog(1, 2, simulatedMinutes, startMs)) {
    simulated.now = timestamp;
    simulated.give(headers, value);
  }
  return [small, simulated];
}

test('what the stages tell in hours is as the published schemas say, field by field', async () => {
  const checks = await validators();
  const drivers = hours();
  let told = 0;
  for (const [topic, check] of checks) {
    const outputs = drivers.flatMap((d) => d.of(topic));
    expect(outputs.length, topic).toBeGreaterThan(10);
    for (const { id, data } of outputs) {
      if (!check(data)) expect.fail(`${topic} ${id}: ${JSON.stringify([check.errors, data])}`);
      told++;
    }
    // Each field that must be there is missed, and one that nobody described is told.
    const { data } = outputs[0]!;
    for (const name of Object.keys(data)) {
      const { [name]: _, ...rest } = data;
      expect(check(rest), `${topic} without ${name}`).toBe(false);
    }
    expect(check({ ...data, more: 1 }), topic).toBe(false);
  }
  expect(told).toBeGreaterThan(2000);
});
