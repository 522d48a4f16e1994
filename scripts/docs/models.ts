import { z } from 'zod';
import type { JsonSchema } from '../../src/config/schema.ts';
import type { ModelDefinition } from '../../src/engine/model.ts';
import { registryOf } from '../../src/models/registry.ts';
import { code, fieldRows, generated, table } from './markdown.ts';

const alarms: Readonly<Record<NonNullable<ModelDefinition['calibration']>, string>> = {
  own: 'at the rate that the route asks for',
  tail: 'at the rate that the route asks for, by the rarity of its score in the past of the series',
  fixed: 'at its bounds, whatever rate the route asks for',
};

/** The models that come with the program, and their parameters. */
export function modelsPage(): string {
  return `${generated}
# Models that come with it

A route of \`settings.anomalies.routes\` names one; \`seastate score --model NAME\` tries it over a file. One of your own:
[own-model.md](../how-to/own-model.md). How a score becomes an alarm: [anomalies.md](../concepts/anomalies.md).

${[...registryOf().values()].map(section).join('\n')}`;
}

function section({ name, summary, parameters, calibration = 'tail' }: ModelDefinition): string {
  const schema = z.toJSONSchema(parameters, { io: 'input' }) as JsonSchema;
  const rows = fieldRows(schema).map(([path, type, what]) => [
    path!,
    type!,
    defaultOf(schema, path!),
    what!,
  ]);
  return `## ${name}

${summary} It alarms ${alarms[calibration]}.

${table(['parameter', 'value', 'default', 'what it is'], rows)}`;
}

function defaultOf(schema: JsonSchema, path: string): string {
  const steps = path.replaceAll('`', '').split('.');
  const field = steps.reduce<JsonSchema | undefined>((at, step) => at?.properties?.[step], schema);
  return field?.default === undefined || field.properties
    ? ''
    : code(JSON.stringify(field.default));
}
