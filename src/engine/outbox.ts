import type { ByteReader, ByteWriter } from '../core/bytes.ts';
import { partitionOf } from '../core/placement.ts';
import { encodeCloudEvent } from '../formats/cloudevents/cloudevent.ts';
import { Numberer } from '../log/numbering.ts';
import { mergedTopics } from '../log/topics.ts';
import type { ClusterView, EventOutput, Output, SamplesOutput } from './processor.ts';
import type { StageOutput, StageSetup } from './stage.ts';

/** Version of the output values, in the header `schema`. */
const schema = '1';

/** Wraps, places and numbers the outputs of a partition (DESIGN 3, outputs are numbered). */
export class Outbox {
  readonly #setup: StageSetup;
  readonly #clusters: ClusterView;
  readonly #numberer: Numberer;
  #sink: StageOutput[] = [];

  constructor(setup: StageSetup, clusters: ClusterView) {
    this.#setup = setup;
    this.#clusters = clusters;
    this.#numberer = new Numberer(setup);
  }

  /** Where outputs go from now on. */
  into(sink: StageOutput[]): void {
    this.#sink = sink;
  }

  emit(output: Output, tick: number, logTime: number): void {
    if ('samples' in output) this.#emitSamples(output, tick);
    else this.#emitEvent(output, tick, logTime);
  }

  #emitSamples({ topic, cluster: index, samples }: SamplesOutput, tick: number): void {
    const [tenant, cluster] = [this.#clusters.tenant(index), this.#clusters.name(index)];
    const partition = partitionOf(tenant, cluster, this.#setup.targets[topic] ?? 1);
    const headers = { kind: 'samples', tenant, cluster, encoding: 'snappy' };
    this.#push(topic, partition, tick, headers, samples);
  }

  #emitEvent(output: EventOutput, tick: number, logTime: number): void {
    const { topic, cluster } = output;
    const tenant = this.#clusters.tenant(cluster);
    const name = this.#clusters.name(cluster);
    const partition = partitionOf(tenant, '', this.#setup.targets[topic] ?? 1);
    const value = encodeCloudEvent({
      id: `${output.subject}/${output.revision}`,
      source: cluster < 0 ? '/seastate' : `/tenants/${tenant}/clusters/${name}`,
      type: output.type,
      subject: output.subject,
      timeMs: logTime,
      data: output.data,
    });
    const about: Record<string, string> = cluster < 0 ? {} : { tenant, cluster: name };
    this.#push(topic, partition, tick, { ...about, schema }, value);
  }

  /** Says in every merged topic that `tick` is done. */
  markTick(topics: Iterable<string>, tick: number): void {
    for (const topic of topics) {
      if (!mergedTopics.has(topic)) continue;
      for (let p = 0; p < (this.#setup.targets[topic] ?? 1); p++) {
        this.#push(topic, p, tick, { kind: 'tick' }, null);
      }
    }
  }

  #push(
    topic: string,
    partition: number,
    tick: number,
    headers: Record<string, string>,
    value: Uint8Array | null,
  ): void {
    const stamped = this.#numberer.stamp(topic, partition, tick, headers);
    this.#sink.push({ topic, partition, headers: stamped, value });
  }

  save(out: ByteWriter): void {
    this.#numberer.save(out);
  }

  load(input: ByteReader): void {
    this.#numberer.load(input);
  }
}
