import { utf8 } from '../core/bytes.ts';
import type { BodyEncoding } from '../formats/snappy/body-encoding.ts';
import type { Headers, NewRecord } from '../log/log.ts';
import type { TelemetryKind } from '../log/topics.ts';

/**
 * The records that the gateway writes. Headers: `kind`, then `tenant` and `cluster` where the
 * record belongs to one, `encoding` where the value is compressed, and `schema`, the name of the
 * value's shape. Values other than samples are JSON (log/telemetry.ts).
 */
export const samplesSchema = 'io.prometheus.write.v2.Request';

export interface Owner {
  readonly tenant: string;
  readonly cluster: string;
}

export const samplesHeaders = ({ tenant, cluster }: Owner, encoding: BodyEncoding): Headers => ({
  kind: 'samples',
  tenant,
  cluster,
  encoding,
  schema: samplesSchema,
});

export function jsonRecord(kind: TelemetryKind, value: object, owner?: Owner): NewRecord {
  const headers = {
    kind,
    ...(owner ? { tenant: owner.tenant, cluster: owner.cluster } : {}),
    schema: `seastate.${kind}.v1`,
  };
  return { headers, value: utf8(JSON.stringify(value)) };
}
