import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WriteColumns } from './columns.ts';
import { decodeV1 } from './decode-v1.ts';
import { decodeV2 } from './decode-v2.ts';
import { bytesV1, bytesV2, goodSeries, type ModelSeries } from './fixtures/oracle.ts';
import { Intake } from './intake.ts';
import { defaultWriteLimits } from './limits.ts';
import { RequestEncoder } from './request-encoder.ts';
import { RequestEncoderV1 } from './request-encoder-v1.ts';

/** What stands in a request, whatever its protocol, as bytes of a request of protocol 2. */
function asTwo(bytes: Uint8Array, decode: typeof decodeV1): string {
  const columns = new WriteColumns();
  decode(bytes, defaultWriteLimits, columns);
  const intake = new Intake();
  const encoder = new RequestEncoder(intake);
  const result = intake.read(columns);
  for (let i = 0; i < result.length; i++) if (result.kept[i]) encoder.add(result, i);
  return Buffer.from(encoder.finish()).toString('hex');
}

test('a request of protocol 1 holds what the one of protocol 2 held, less what it cannot', () => {
  const columns = new WriteColumns();
  const intake = new Intake();
  const encoder = new RequestEncoderV1(intake);
  fc.assert(
    fc.property(fc.array(goodSeries, { maxLength: 6 }), (series) => {
      decodeV2(bytesV2(series, false), defaultWriteLimits, columns);
      const result = intake.read(columns);
      for (let i = 0; i < result.length; i++) encoder.add(result, i);
      const hasAll = encoder.dropped === 0;
      const made = encoder.finish();
      const isThere = ({ samples, histograms, exemplars }: ModelSeries) =>
        samples.length + histograms.length + exemplars.length > 0;
      const direct = bytesV1(series.filter(isThere));
      if (hasAll) expect(asTwo(made, decodeV1)).toBe(asTwo(direct, decodeV1));
    }),
  );
});
