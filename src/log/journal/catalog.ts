import { SeastateError } from '../../core/errors.ts';
import type { TopicSpec } from '../log.ts';

/**
 * The topics of one journal. A topic's id and the slots of its partitions (a slot numbers every
 * partition of the journal) never change: topics are only ever added behind the others.
 */
export class Catalog {
  readonly #topics: TopicSpec[] = [];
  readonly #bases: number[] = [];
  readonly #ids = new Map<string, number>();
  readonly #places: { readonly id: number; readonly partition: number }[] = [];

  get topics(): readonly TopicSpec[] {
    return this.#topics;
  }

  get slots(): number {
    return this.#places.length;
  }

  has(topic: string): boolean {
    return this.#ids.has(topic);
  }

  /** Adds a topic, or checks that it has as many partitions as it always had. */
  add(topic: TopicSpec): void {
    const known = this.#ids.get(topic.name);
    if (known !== undefined) {
      const { partitions } = this.#topics[known]!;
      if (partitions === topic.partitions) return;
      throw new SeastateError(
        'partitions_changed',
        `topic ${topic.name} has ${partitions} partitions in this journal, not ${topic.partitions}:` +
          ` set it back, or move the state over with \`seastate rekey\``,
      );
    }
    if (!(Number.isInteger(topic.partitions) && topic.partitions > 0 && topic.partitions < 65536)) {
      throw new SeastateError(
        'usage',
        `topic ${topic.name}: partitions must be between 1 and 65535, not ${topic.partitions}`,
      );
    }
    const id = this.#topics.length;
    this.#ids.set(topic.name, id);
    this.#topics.push({ name: topic.name, partitions: topic.partitions });
    this.#bases.push(this.#places.length);
    for (let partition = 0; partition < topic.partitions; partition++) {
      this.#places.push({ id, partition });
    }
  }

  /** Rejects a name or partition that the journal does not have with `unknown_topic`. */
  slot(topic: string, partition: number): number {
    const id = this.#ids.get(topic);
    if (id === undefined) {
      const names = this.#topics.map((each) => each.name).join(', ');
      throw new SeastateError('unknown_topic', `there is no topic ${topic}: there are ${names}`);
    }
    const { partitions } = this.#topics[id]!;
    if (!Number.isInteger(partition) || partition < 0 || partition >= partitions) {
      throw new SeastateError(
        'unknown_topic',
        `topic ${topic} has partitions 0 to ${partitions - 1}, there is no ${partition}`,
      );
    }
    return this.#bases[id]! + partition;
  }

  /** The slot of a batch's topic id and partition; -1 when there is no such one. */
  slotOfBatch(id: number, partition: number): number {
    const topic = this.#topics[id];
    return topic === undefined || partition >= topic.partitions ? -1 : this.#bases[id]! + partition;
  }

  place(slot: number): { id: number; topic: string; partition: number } {
    const { id, partition } = this.#places[slot]!;
    return { id, topic: this.#topics[id]!.name, partition };
  }
}
