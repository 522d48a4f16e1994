import { type Document, isCollection, isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import type { Place, Problem } from './problem.ts';

/** A YAML file whose keys and values know where they stand. */
export class Source {
  readonly name: string;
  readonly text: string;
  readonly #document: Document;
  readonly #lines = new LineCounter();

  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
  }

  /** What is not YAML, or more than one document. */
  get problems(): Problem[] {
    return [...this.#document.errors, ...this.#document.warnings].map((error) => ({
      source: this.name,
      place: this.#place(error.pos[0]),
      path: '',
      message: error.message,
    }));
  }

  /** The plain content; `onText` may replace each scalar that is text. */
  content(
    onText: (text: string, path: readonly PropertyKey[], plain: boolean) => unknown,
  ): unknown {
    const walk = (node: unknown, path: readonly PropertyKey[]): unknown => {
      if (isMap(node)) {
        const entries = node.items.map(({ key, value }): [string, unknown] => {
          const name = String(isScalar(key) ? key.value : key);
          return [name, walk(value, [...path, name])];
        });
        // A key without a value is as good as no key.
        return Object.fromEntries(entries.filter(([, value]) => value !== null));
      }
      if (isCollection(node)) return node.items.map((item, i) => walk(item, [...path, i]));
      if (!isScalar(node)) return (node as { toJS?(d: Document): unknown })?.toJS?.(this.#document);
      if (typeof node.value !== 'string') return node.value;
      return onText(node.value, path, node.type === 'PLAIN');
    };
    return walk(this.#document.contents, []);
  }

  /** Where the value of a path stands, or the innermost of its parents that is there. */
  placeOfValue(path: readonly PropertyKey[]): Place {
    for (let length = path.length; length > 0; length--) {
      const node = this.#document.getIn(path.slice(0, length), true);
      const range = (node as { range?: [number, number, number] } | undefined)?.range;
      if (range) return this.#place(range[0]);
    }
    return { line: 1, column: 1 };
  }

  /** Where the key `name` of the map at `path` stands. */
  placeOfKey(path: readonly PropertyKey[], name: string): Place {
    const map = path.length === 0 ? this.#document.contents : this.#document.getIn(path, true);
    const pair = isMap(map)
      ? map.items.find(({ key }) => isScalar(key) && String(key.value) === name)
      : undefined;
    const range = isScalar(pair?.key) ? pair.key.range : undefined;
    return range ? this.#place(range[0]) : this.placeOfValue(path);
  }

  #place(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}
