import { ByteReader, ByteWriter } from '../core/bytes.ts';
import { invariant, messageOf, SeastateError } from '../core/errors.ts';
import { isAsync } from '../core/is-async.ts';
import { Columns, type ColumnsSpec } from './columns.ts';
import type { Moved } from './moved.ts';
import type {
  ClusterView,
  Handlers,
  Kept,
  Output,
  ProcessorContext,
  ProcessorDefinition,
  SelectOptions,
  SeriesView,
} from './processor.ts';
import { CachedSelection, type TrackedSeries } from './selection.ts';
import { type Row, type RowKey, sameKey, Table } from './tables.ts';

/** A selector of a processor that no tracked series matches. */
export interface Unmatched {
  readonly processor: string;
  readonly selector: string;
  /** Those of its matchers that no series satisfies; none: no series satisfies all of them. */
  readonly unmet: readonly string[];
  /** Series match, and others that come first take them all. */
  readonly taken?: true | undefined;
}

export const processorMissing = (name: string): SeastateError =>
  new SeastateError(
    'processor_missing',
    `the state holds processor "${name}", which this program does not have: start it with ` +
      'the same processors, or take it out by a checkpoint and a change of settings',
  );

/** What a processor's context asks of its stage. */
export interface StageServices {
  readonly series: TrackedSeries;
  readonly clusters: ClusterView;
  readonly logTime: number;
  emit(output: Output): void;
  count(reason: string, by: number): void;
}

/** One processor within a partition: its definition, its state, its handlers. */
export class Host implements ProcessorContext {
  readonly definition: ProcessorDefinition;
  readonly handlers: Handlers;
  settings: unknown;
  readonly #services: StageServices;
  readonly #columns = new Map<string, Columns<ColumnsSpec>>();
  readonly #tables = new Map<string, Table<Row>>();
  readonly #kept = new Map<string, Kept>();
  readonly #selections = new Set<CachedSelection>();
  #declaring = true;
  // Of their own, so that `const { emit } = context` works.
  readonly columns = <S extends ColumnsSpec>(name: string, spec: S): Columns<S> => {
    this.#declare(this.#columns, name);
    const columns = new Columns(spec);
    this.#columns.set(name, columns as unknown as Columns<ColumnsSpec>);
    return columns;
  };
  readonly table = <R extends Row>(name: string, keyOf: RowKey<R>): Table<R> => {
    this.#declare(this.#tables, name);
    const table = new Table<R>(keyOf);
    this.#tables.set(name, table as unknown as Table<Row>);
    return table;
  };
  readonly keep = <K extends Kept>(name: string, kept: K): K => {
    this.#declare(this.#kept, name);
    this.#kept.set(name, kept);
    return kept;
  };
  readonly select = (selector: string, options?: SelectOptions): CachedSelection => {
    const selection = new CachedSelection(selector, this.#services.series, options, (released) =>
      this.#selections.delete(released),
    );
    this.#selections.add(selection);
    return selection;
  };
  readonly emit = (output: Output): void => {
    if (!this.definition.outputs.includes(output.topic)) {
      throw new SeastateError(
        'output_undeclared',
        `processor ${this.definition.name} writes to "${output.topic}": add it to its outputs`,
      );
    }
    this.#services.emit(output);
  };
  readonly count = (reason: string, by = 1): void => {
    this.#services.count(`${this.definition.name}_${reason}`, by);
  };

  constructor(definition: ProcessorDefinition, settings: unknown, services: StageServices) {
    this.definition = definition;
    this.#services = services;
    this.settings = settings;
    this.handlers = definition.create(this);
    this.#declaring = false;
    for (const [name, handler] of Object.entries(this.handlers)) {
      if (!isAsync(handler)) continue;
      throw new SeastateError(
        'bundle_failed',
        `processor ${definition.name}: handler ${name} is async, but a handler is done when it returns`,
      );
    }
  }

  get series(): SeriesView {
    return this.#services.series;
  }

  get clusters(): ClusterView {
    return this.#services.clusters;
  }

  get logTime(): number {
    return this.#services.logTime;
  }

  #declare(known: ReadonlyMap<string, unknown>, name: string): void {
    invariant(this.#declaring, 'columns, tables and kept state are declared in create()');
    invariant(!known.has(name), `"${name}" is declared twice in ${this.definition.name}`);
  }

  /** Selectors that no tracked series matches and should, in the order of their text. */
  unmatched(): Unmatched[] {
    const found = new Map<string, Unmatched>();
    for (const selection of this.#selections) {
      const { selector, mayBeEmpty } = selection;
      if (mayBeEmpty || found.has(selector) || selection.matchesAny()) continue;
      const { name: processor } = this.definition;
      const why = selection.matchesTaken()
        ? { unmet: [], taken: true as const }
        : { unmet: selection.unmet() };
      found.set(selector, { processor, selector, ...why });
    }
    return [...found.values()].sort((a, b) => (a.selector < b.selector ? -1 : 1));
  }

  /** A slot was given out: its columns start anew. */
  born(slot: number, slots: number): void {
    for (const columns of this.#columns.values()) {
      columns.reserve(slots);
      columns.reset(slot);
    }
    for (const selection of this.#selections) selection.forget(slot);
    this.handlers.born?.(slot);
  }

  /** Makes room for slots that were given out before this processor was there. */
  reserve(slots: number): void {
    for (const columns of this.#columns.values()) columns.reserve(slots);
  }

  /** Takes over what the same processor of another partition knows of what moved here. */
  absorb(from: Host, moved: Moved, slots: number): void {
    this.reserve(slots);
    for (const [name, columns] of this.#columns) {
      const theirs = from.#columns.get(name)!;
      for (const [old, slot] of moved.slots.entries()) {
        if (slot >= 0) columns.copySlot(theirs, old, slot);
      }
    }
    for (const [name, table] of this.#tables) {
      this.#asPart(`table "${name}"`, () => table.absorb(from.#tables.get(name)!, moved));
    }
    for (const [name, kept] of this.#kept) {
      this.#asPart(`state "${name}"`, () => kept.absorb(from.#kept.get(name)!, moved));
    }
  }

  #asPart(part: string, body: () => void): void {
    try {
      body();
    } catch (error) {
      if (!(error instanceof SeastateError)) throw error;
      const where = `${part} of processor ${this.definition.name}`;
      throw new SeastateError(error.code, `${where}: ${messageOf(error)}`, { cause: error });
    }
  }

  save(out: ByteWriter, slots: number): void {
    out.text(this.definition.name).u32(this.definition.version);
    out.u16(this.#columns.size);
    for (const [name, columns] of this.#columns) {
      out.text(name);
      columns.save(out, slots);
    }
    out.u16(this.#tables.size);
    for (const [name, table] of this.#tables) {
      out.text(name);
      table.save(out);
    }
    out.u16(this.#kept.size);
    for (const [name, kept] of this.#kept) {
      const bytes = new ByteWriter();
      kept.save(bytes, slots);
      out.text(name).bytes(bytes.view());
    }
  }

  /** Reads what `save` wrote after its name; columns and tables that are gone are skipped. */
  load(input: ByteReader, slots: number): void {
    const version = input.u32();
    for (let left = input.u16(); left > 0; left--) {
      const name = input.text();
      (this.#columns.get(name) ?? new Columns({})).load(input);
    }
    for (let left = input.u16(); left > 0; left--) {
      const name = input.text();
      (this.#tables.get(name) ?? new Table(sameKey)).load(input);
    }
    for (let left = input.u16(); left > 0; left--) {
      const name = input.text();
      const bytes = input.bytes();
      this.#kept.get(name)?.load(new ByteReader(bytes));
    }
    this.reserve(slots);
    if (version === this.definition.version) return;
    if (version > this.definition.version) {
      throw new SeastateError(
        'snapshot_newer',
        `the state of processor ${this.definition.name} is of version ${version}, this program ` +
          `knows version ${this.definition.version}: run the newer program`,
      );
    }
    this.definition.upgrade?.(version, this);
  }
}
