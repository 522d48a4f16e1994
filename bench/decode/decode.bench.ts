import { fromBinary } from '@bufbuild/protobuf';
import { snappyDecompress } from '@platformatic/wasm-utils';
import { WriteColumns } from '../../src/formats/remote-write/columns.ts';
import { decodeV1 } from '../../src/formats/remote-write/decode-v1.ts';
import { decodeV2 } from '../../src/formats/remote-write/decode-v2.ts';
import { WriteRequestSchema } from '../../src/formats/remote-write/fixtures/proto/write_v1_pb.js';
import { RequestSchema } from '../../src/formats/remote-write/fixtures/proto/write_v2_pb.js';
import { Intake } from '../../src/formats/remote-write/intake.ts';
import { defaultWriteLimits } from '../../src/formats/remote-write/limits.ts';
import { ReadWorkspace } from '../../src/formats/remote-write/read-workspace.ts';
import { RequestEncoder } from '../../src/formats/remote-write/request-encoder.ts';
import { SeriesReader } from '../../src/formats/remote-write/series-reader.ts';
import { compress, decompress, Scratch } from '../../src/formats/snappy/snappy.ts';
import type { BenchCase } from '../bench-case.ts';
import { cpuNsPerUnit } from '../cpu.ts';
import { type Requests, requestsOf } from './requests.ts';
import { decodeBlock, slack } from './tried/snappy-typescript.ts';

/** All figures are CPU ns per sample of the whole process, unless their name says otherwise. */
const bytesMax = 1 << 27;

function measure({ samples, bodies }: Requests, each: (body: Uint8Array) => void): number {
  return cpuNsPerUnit(samples, () => {
    for (const body of bodies) each(body);
  });
}

function snappyCase(protocol: 1 | 2): BenchCase {
  return {
    name: `decode/snappy-v${protocol}`,
    run: async () => {
      const requests = requestsOf(protocol, 2000, 2000);
      const scratch = new Scratch();
      const raw = decompress(requests.bodies[0]!, bytesMax, scratch).slice();
      const out = new Uint8Array(raw.length + slack);
      const view = new DataView(out.buffer);
      const perSample = (work: () => void): number => cpuNsPerUnit(requests.samples, work);
      return {
        rawBytesPerSample: requests.rawBytesPerSample,
        snappyBytesPerSample: requests.snappyBytesPerSample,
        decodeKernel: measure(requests, (body) => decompress(body, bytesMax, scratch)),
        decodeWasmUtils: measure(requests, (body) => snappyDecompress(body as Buffer)),
        decodeTypescript: measure(requests, (body) => {
          const from = new DataView(body.buffer, body.byteOffset, body.byteLength);
          decodeBlock(body, from, out, view, raw.length);
        }),
        encode: perSample(() => compress(raw)),
      };
    },
  };
}

function intakeCase(protocol: 1 | 2): BenchCase {
  return {
    name: `decode/intake-v${protocol}`,
    run: async () => {
      const requests = requestsOf(protocol, 20_000, 2000);
      const columns = new WriteColumns();
      const intake = new Intake();
      const encoder = new RequestEncoder(intake);
      const decode = protocol === 1 ? decodeV1 : decodeV2;
      const read = (body: Uint8Array) => {
        decode(decompress(body, bytesMax, columns.scratch), defaultWriteLimits, columns);
        return intake.read(columns);
      };
      const encode = (body: Uint8Array): Uint8Array => {
        const result = read(body);
        for (let i = 0; i < result.length; i++) encoder.add(result, i);
        return encoder.finish();
      };
      const firstSight = cpuNsPerUnit(requests.samples, () => {
        intake.clear();
        requests.bodies.forEach(read);
      });
      return {
        intake: measure(requests, read),
        intakeAndEncode: measure(requests, encode),
        intakeEncodeAndSnappy: measure(requests, (body) => compress(encode(body))),
        firstSight,
        bytesPerKnownSeries: intake.bytesUsed / intake.knownSeries,
      };
    },
  };
}

function readerCase(name: string, series: number, perRecord: number): BenchCase {
  return {
    name: `decode/reader-${name}-by-${perRecord}`,
    run: async () => {
      const requests = requestsOf(2, series, perRecord);
      const workspace = new ReadWorkspace();
      const reader = new SeriesReader({ workspace });
      const read = (body: Uint8Array) => reader.read(decompress(body, bytesMax, workspace.scratch));
      const before = process.cpuUsage();
      requests.bodies.forEach(read);
      const { user, system } = process.cpuUsage(before);
      return {
        firstSight: ((user + system) * 1000) / series,
        snappyDecodeAndIds: measure(requests, read),
        bytesPerSeries: reader.bytesUsed / reader.count,
        residentMegabytes: process.memoryUsage().rss / 1e6,
      };
    },
  };
}

function competitorCase(protocol: 1 | 2): BenchCase {
  return {
    name: `decode/protobuf-es-v${protocol}`,
    run: async () => {
      const requests = requestsOf(protocol, 2000, 2000);
      const raw = decompress(requests.bodies[0]!, bytesMax, new Scratch()).slice();
      const schema = (protocol === 1 ? WriteRequestSchema : RequestSchema) as typeof RequestSchema;
      return { decode: cpuNsPerUnit(requests.samples, () => fromBinary(schema, raw)) };
    },
  };
}

export const cases: BenchCase[] = [
  snappyCase(1),
  snappyCase(2),
  intakeCase(1),
  intakeCase(2),
  ...[2000, 10_000].flatMap((perRecord) => [
    readerCase('10k', 10_000, perRecord),
    readerCase('500k', 500_000, perRecord),
    readerCase('1m', 1_000_000, perRecord),
  ]),
  competitorCase(1),
  competitorCase(2),
];
