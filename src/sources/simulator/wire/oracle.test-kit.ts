import {
  create,
  createFileRegistry,
  type DescMessage,
  fromBinary,
  type Message,
} from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  type FieldDescriptorProto,
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import { snappyDecompress } from '@platformatic/wasm-utils';

/**
 * A decoder of remote write that shares no code with ours: field numbers from the specifications,
 * the work done by a protobuf library. Doubles that may be stale markers are read as bits.
 */
type Field = readonly [number: number, name: string, type: Type | string, repeated?: 'many'];

const histogram: Field[] = [
  [1, 'count', Type.UINT64],
  [3, 'sum', Type.FIXED64],
  [4, 'schema', Type.SINT32],
  [5, 'zeroThreshold', Type.DOUBLE],
  [6, 'zeroCount', Type.UINT64],
  [8, 'negativeSpans', 'Span', 'many'],
  [9, 'negativeDeltas', Type.SINT64, 'many'],
  [11, 'positiveSpans', 'Span', 'many'],
  [12, 'positiveDeltas', Type.SINT64, 'many'],
  [14, 'resetHint', Type.INT32],
  [15, 'timestamp', Type.INT64],
  [16, 'customValues', Type.DOUBLE, 'many'],
];
const sample: Field[] = [
  [1, 'value', Type.FIXED64],
  [2, 'timestamp', Type.INT64],
];
const messages: Record<string, Field[]> = {
  Span: [
    [1, 'offset', Type.SINT32],
    [2, 'length', Type.UINT32],
  ],
  Histogram: histogram,
  Sample: sample,
  Label: [
    [1, 'name', Type.STRING],
    [2, 'value', Type.STRING],
  ],
  Exemplar1: [
    [1, 'labels', 'Label', 'many'],
    [2, 'value', Type.DOUBLE],
    [3, 'timestamp', Type.INT64],
  ],
  Series1: [
    [1, 'labels', 'Label', 'many'],
    [2, 'samples', 'Sample', 'many'],
    [3, 'exemplars', 'Exemplar1', 'many'],
    [4, 'histograms', 'Histogram', 'many'],
  ],
  Metadata1: [
    [1, 'type', Type.INT32],
    [2, 'family', Type.STRING],
    [4, 'help', Type.STRING],
    [5, 'unit', Type.STRING],
  ],
  Request1: [
    [1, 'timeseries', 'Series1', 'many'],
    [3, 'metadata', 'Metadata1', 'many'],
  ],
  Exemplar2: [
    [1, 'labelsRefs', Type.UINT32, 'many'],
    [2, 'value', Type.DOUBLE],
    [3, 'timestamp', Type.INT64],
  ],
  Metadata2: [
    [1, 'type', Type.INT32],
    [3, 'helpRef', Type.UINT32],
    [4, 'unitRef', Type.UINT32],
  ],
  Series2: [
    [1, 'labelsRefs', Type.UINT32, 'many'],
    [2, 'samples', 'Sample', 'many'],
    [3, 'histograms', 'Histogram', 'many'],
    [4, 'exemplars', 'Exemplar2', 'many'],
    [5, 'metadata', 'Metadata2'],
  ],
  Request2: [
    [4, 'symbols', Type.STRING, 'many'],
    [5, 'timeseries', 'Series2', 'many'],
  ],
};

function field([number, name, type, repeated]: Field): Partial<FieldDescriptorProto> {
  const isMessage = typeof type === 'string';
  return {
    name,
    jsonName: name,
    number,
    type: isMessage ? Type.MESSAGE : type,
    ...(isMessage ? { typeName: `.${type}` } : {}),
    label: repeated ? Label.REPEATED : Label.OPTIONAL,
  };
}

const registry = createFileRegistry(
  create(FileDescriptorProtoSchema, {
    name: 'oracle.proto',
    syntax: 'proto3',
    messageType: Object.entries(messages).map(([name, fields]) => ({
      name,
      field: fields.map(field) as FieldDescriptorProto[],
    })) as DescriptorProto[],
  }),
  () => undefined,
);

export interface OracleHistogram {
  readonly count: bigint;
  readonly sum: bigint;
  readonly schema: number;
  readonly zeroCount: bigint;
  readonly positiveSpans: readonly { readonly offset: number; readonly length: number }[];
  readonly positiveDeltas: readonly bigint[];
  readonly timestamp: bigint;
  readonly customValues: readonly number[];
}

export interface OracleSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** Values as their 64 bits. */
  readonly samples: readonly { readonly value: bigint; readonly timestamp: bigint }[];
  readonly histograms: readonly OracleHistogram[];
  readonly exemplars: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
    readonly timestamp: bigint;
  }[];
  readonly type: number;
  readonly help: string;
}

export interface OracleRequest {
  readonly series: readonly OracleSeries[];
  readonly metadata: readonly {
    readonly type: number;
    readonly family: string;
    readonly help: string;
  }[];
  readonly symbols: readonly string[];
}

/** The stale marker's bits. */
export const staleBits = 0x7ff0000000000002n;

/** Decodes the body of a request, compressed. Throws where it breaks a rule of the protocol. */
export function decodeRequest(protocol: 1 | 2, body: Uint8Array): OracleRequest {
  const bytes = snappyDecompress(Buffer.from(body));
  return protocol === 1 ? requestV1(bytes) : requestV2(bytes);
}

function parse(name: string, bytes: Uint8Array): Record<string, unknown> {
  const message = fromBinary(registry.getMessage(name) as DescMessage, bytes);
  refuseUnknown(message);
  return message as unknown as Record<string, unknown>;
}

function refuseUnknown(message: Message): void {
  if (message.$unknown?.length) throw new Error(`${message.$typeName} has an unknown field`);
  for (const value of Object.values(message)) {
    for (const part of Array.isArray(value) ? value : [value]) {
      if (typeof part === 'object' && part !== null && '$typeName' in part)
        refuseUnknown(part as Message);
    }
  }
}

type Pairs = readonly (readonly [name: string, value: string])[];

function labelsOf(pairs: Pairs): Record<string, string> {
  for (const [index, [name, value]] of pairs.entries()) {
    if (name === '' || value === '') throw new Error(`empty label ${name}="${value}"`);
    if (index > 0 && pairs[index - 1]![0] >= name) throw new Error(`label ${name} is out of order`);
  }
  return Object.fromEntries(pairs);
}

function requestV1(bytes: Uint8Array): OracleRequest {
  const { timeseries, metadata } = parse('Request1', bytes) as never as {
    timeseries: (Omit<OracleSeries, 'labels' | 'exemplars'> & {
      labels: { name: string; value: string }[];
      exemplars: { labels: { name: string; value: string }[]; value: number; timestamp: bigint }[];
    })[];
    metadata: OracleRequest['metadata'];
  };
  const pairs = (labels: { name: string; value: string }[]): Pairs =>
    labels.map(({ name, value }) => [name, value] as const);
  const series = timeseries.map(({ labels, samples, histograms, exemplars }) => ({
    labels: labelsOf(pairs(labels)),
    samples,
    histograms,
    exemplars: exemplars.map((one) => ({ ...one, labels: labelsOf(pairs(one.labels)) })),
    type: 0,
    help: '',
  }));
  return { series, metadata, symbols: [] };
}

function requestV2(bytes: Uint8Array): OracleRequest {
  const { symbols, timeseries } = parse('Request2', bytes) as never as {
    symbols: string[];
    timeseries: (Pick<OracleSeries, 'samples' | 'histograms'> & {
      labelsRefs: number[];
      exemplars: { labelsRefs: number[]; value: number; timestamp: bigint }[];
      metadata?: { type: number; helpRef: number };
    })[];
  };
  if (symbols[0] !== '') throw new Error('symbol 0 is not the empty string');
  if (new Set(symbols).size !== symbols.length) throw new Error('a symbol stands twice');
  const text = (ref: number): string => {
    if (ref >= symbols.length) throw new Error(`ref ${ref} is out of range`);
    return symbols[ref]!;
  };
  const pairs = (refs: number[]): Pairs =>
    Array.from({ length: refs.length / 2 }, (_, i) => [text(refs[2 * i]!), text(refs[2 * i + 1]!)]);
  const series = timeseries.map(({ labelsRefs, samples, histograms, exemplars, metadata }) => {
    if (samples.length > 0 && histograms.length > 0) throw new Error('samples beside histograms');
    return {
      labels: labelsOf(pairs(labelsRefs)),
      samples,
      histograms,
      exemplars: exemplars.map((one) => ({ ...one, labels: labelsOf(pairs(one.labelsRefs)) })),
      type: metadata?.type ?? 0,
      help: metadata ? text(metadata.helpRef) : '',
    };
  });
  return { series, metadata: [], symbols };
}
