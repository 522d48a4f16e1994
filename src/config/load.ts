import { parse } from 'yaml';
import { z } from 'zod';
import { messageOf, SeastateError } from '../core/errors.ts';
import { formatPath, formatProblem, type Problem, snippet } from './problem.ts';
import {
  type Config,
  configJsonSchema,
  configSchema,
  type JsonSchema,
  schemaAt,
} from './schema.ts';
import type { Sections } from './settings.ts';
import { Source } from './source.ts';
import { plainScalar, type Surroundings, substitute } from './substitute.ts';
import { suggestKey, suggestValue } from './suggest.ts';

/** A key that a flag or an environment variable sets, over the file. */
export interface Override {
  /** Such as `process.listen`. */
  readonly path: string;
  readonly value: string;
  /** Such as `--listen`. */
  readonly source: string;
}

export interface ConfigInput extends Surroundings {
  /** The file, where there is one. */
  readonly file?: { readonly name: string; readonly text: string };
  /** The strongest last. */
  readonly overrides?: readonly Override[];
  readonly sections?: Sections;
}

/** All mistakes at once; the message has a line for each. */
export class ConfigError extends SeastateError {
  readonly problems: readonly Problem[];
  readonly #text: string;

  constructor(problems: readonly Problem[], text: string) {
    super('config', problems.map(formatProblem).join('\n'));
    this.problems = problems;
    this.#text = text;
  }

  /** Each mistake with the lines of the file around it, for a terminal. */
  withSnippets(): string {
    return this.problems
      .map((problem) =>
        problem.place
          ? `${formatProblem(problem)}\n${snippet(this.#text, problem.place)}`
          : formatProblem(problem),
      )
      .join('\n\n');
  }
}

/** The configuration in force: overrides over the file over defaults. Throws ConfigError. */
export function readConfig(input: ConfigInput): Config {
  return readConfigWithPlaces(input).config;
}

/** A section of `settings:` of a user's processor, known with the code alone. */
export interface OwnSection {
  readonly name: string;
  readonly schema: JsonSchema;
  /** What its schema finds wrong with what the file holds, with paths in the section. */
  readonly issues: readonly z.core.$ZodIssue[];
}

/** A mistake that only others can see, by its path in the file. */
export interface FoundMistake {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/**
 * The same, `settings:` as the user wrote them (without defaults), what makes an error with places
 * of mistakes that are found later, and where a text stands in a section of the settings.
 */
export function readConfigWithPlaces(input: ConfigInput): {
  config: Config;
  written: unknown;
  /** Also of sections of users' processors. */
  mistakes(found: readonly FoundMistake[], sections?: readonly OwnSection[]): ConfigError;
  placesOf(section: string, wanted: string): string[];
} {
  const schema = configJsonSchema(input.sections);
  // Without processors of users there is nobody whose section an unknown one could be.
  const [strict, open] = [configSchema(input.sections), configSchema(input.sections, 'kept')];
  const reader = new Reader(input, (given) => (hasProcessors(given) ? open : strict), schema);
  const config = reader.read() as Config;
  const written = reader.writtenAt('settings');
  return {
    config,
    written,
    mistakes: (found, own) => reader.mistakes(found, own),
    placesOf: (section, wanted) =>
      pathsOf(config.settings[section], wanted, ['settings', section]).map((path) =>
        formatProblem(reader.problem(path, '')),
      ),
  };
}

/** Another YAML file of ours, by its schema, with the same care. Throws ConfigError. */
export function readYaml<S extends z.ZodType>(input: ConfigInput, schema: S): z.output<S> {
  const json = z.toJSONSchema(schema, { io: 'input', reused: 'inline' }) as JsonSchema;
  return new Reader(input, () => schema, json).read() as z.output<S>;
}

class Reader {
  readonly #input: ConfigInput;
  readonly #source: Source | undefined;
  readonly #zod: (content: unknown) => z.ZodType;
  #schema: JsonSchema;
  readonly #problems: Problem[] = [];
  /** Paths that an override has set, with its source. */
  readonly #overridden = new Map<string, string>();
  #written: Readonly<Record<string, unknown>> = {};

  constructor(input: ConfigInput, zod: (content: unknown) => z.ZodType, schema: JsonSchema) {
    this.#input = input;
    this.#zod = zod;
    this.#schema = schema;
    this.#source = input.file && new Source(input.file.name, input.file.text);
  }

  read(): unknown {
    for (const problem of this.#source?.problems ?? []) this.#problems.push(problem);
    this.#stopOnProblems();
    const content = this.#override(this.#fileContent());
    const result = this.#zod(content).safeParse(content);
    this.#written = content;
    for (const issue of result.error?.issues ?? []) this.#issue(issue, content);
    if (result.success) this.#checkFiles(result.data, []);
    this.#stopOnProblems();
    return result.data;
  }

  /** A section as file and overrides have it. */
  writtenAt(section: string): unknown {
    return this.#written[section] ?? {};
  }

  mistakes(found: readonly FoundMistake[], sections: readonly OwnSection[] = []): ConfigError {
    this.#takeSections(sections);
    for (const { path, message } of found) this.#problem(path, message);
    return new ConfigError(this.#problems, this.#source?.text ?? '');
  }

  /**
   * From now on these sections are known too; what is wrong with them and with any other is told.
   */
  #takeSections(sections: readonly OwnSection[]): void {
    const { properties = {} } = this.#schema;
    const settings = properties['settings'] ?? {};
    const known = {
      ...settings.properties,
      ...Object.fromEntries(sections.map(({ name, schema }) => [name, schema])),
    };
    this.#schema = {
      ...this.#schema,
      properties: { ...properties, settings: { ...settings, properties: known } },
    };
    const given = Object.keys((this.#written['settings'] ?? {}) as object);
    const keys = given.filter((name) => !(name in known));
    this.#issue(
      { code: 'unrecognized_keys', path: ['settings'], keys, message: '' },
      this.#written,
    );
    for (const { name, issues } of sections) {
      for (const issue of issues) {
        this.#issue({ ...issue, path: ['settings', name, ...issue.path] }, this.#written);
      }
    }
  }

  #stopOnProblems(): void {
    if (this.#problems.length > 0) throw new ConfigError(this.#problems, this.#source?.text ?? '');
  }

  #problem(path: readonly PropertyKey[], message: string, unknownKey?: string): void {
    const full = unknownKey === undefined ? path : [...path, unknownKey];
    const text = formatPath(full);
    // What follows from a mistake is none.
    if (this.#problems.some((other) => other.path === text)) return;
    this.#problems.push(this.problem(path, message, unknownKey));
  }

  problem(path: readonly PropertyKey[], message: string, unknownKey?: string): Problem {
    const text = formatPath(unknownKey === undefined ? path : [...path, unknownKey]);
    const override = this.#overridden.get(text);
    const source = override ?? this.#source?.name ?? 'configuration';
    if (override !== undefined || !this.#source) return { source, path: text, message };
    const place =
      unknownKey === undefined
        ? this.#source.placeOfValue(path)
        : this.#source.placeOfKey(path, unknownKey);
    return { source, place, path: text, message };
  }

  #fileContent(): unknown {
    if (!this.#source) return {};
    const content = this.#source.content((text, path, plain) => {
      const value = substitute(text, this.#input, (message) => this.#problem(path, message));
      const { kind } = schemaAt(this.#schema, path) ?? {};
      if (kind === 'path' || kind === 'file') return this.#input.resolve(value);
      return plain && value !== text ? plainScalar(value) : value;
    });
    return content ?? {};
  }

  #override(content: unknown): Record<string, unknown> {
    const result = structuredClone(content) as Record<string, unknown>;
    for (const { path, value, source } of this.#input.overrides ?? []) {
      const steps = path.split('.');
      const last = steps.pop()!;
      let at = result;
      for (const step of steps) {
        const next = at[step];
        at[step] = typeof next === 'object' && next !== null ? next : {};
        at = at[step] as Record<string, unknown>;
      }
      const type = schemaAt(this.#schema, path.split('.'))?.type;
      if (type === 'array' || type === 'object') at[last] = inYaml(value);
      else at[last] = type === 'string' ? value : plainScalar(value);
      this.#overridden.set(path, source);
    }
    return result;
  }

  #issue(issue: z.core.$ZodIssue, content: unknown): void {
    if (issue.code === 'unrecognized_keys') {
      for (const name of issue.keys) {
        const hint = suggestKey(this.#schema, issue.path, name);
        this.#problem(issue.path, `unknown key${hint}`, name);
      }
      return;
    }
    const given = valueAt(content, issue.path);
    if (issue.code === 'invalid_value') {
      const options = issue.values.map(String).join(', ');
      const hint = suggestValue(given, issue.values);
      this.#problem(issue.path, `expected one of ${options}, got ${shown(given)}${hint}`);
    } else if (issue.code === 'invalid_type' && given === undefined) {
      this.#problem(issue.path, 'missing');
    } else if (issue.code === 'invalid_type' && !hasOwnMessage(issue.message)) {
      this.#problem(issue.path, `expected ${typeName(issue.expected)}, got ${shown(given)}`);
    } else this.#problem(issue.path, plainMessage(issue));
  }

  /** Files that a key names must be readable now: at three in the night is too late. */
  #checkFiles(value: unknown, path: readonly PropertyKey[]): void {
    if (typeof value === 'object' && value !== null) {
      for (const [name, item] of Object.entries(value)) {
        this.#checkFiles(item, [...path, Array.isArray(value) ? Number(name) : name]);
      }
    } else if (schemaAt(this.#schema, path)?.kind === 'file') {
      try {
        this.#input.readFile(String(value));
      } catch (error) {
        this.#problem(path, messageOf(error));
      }
    }
  }
}

const hasProcessors = (content: unknown): boolean => {
  const given = valueAt(content, ['process', 'processors']);
  return given !== undefined && (!Array.isArray(given) || given.length > 0);
};

/** A list or map of a flag, as it would stand in the file: `[a, b]`; as it is where it is none. */
function inYaml(value: string): unknown {
  try {
    return parse(value);
  } catch {
    return value;
  }
}

/** Paths of a value below another. */
function pathsOf(value: unknown, wanted: unknown, path: readonly PropertyKey[]): PropertyKey[][] {
  if (value === wanted) return [[...path]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) =>
    pathsOf(item, wanted, [...path, Array.isArray(value) ? Number(name) : name]),
  );
}

function valueAt(content: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, step) => (at as Record<PropertyKey, unknown>)?.[step], content);
}

function shown(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a section' : JSON.stringify(value);
}

const typeNames: Record<string, string> = {
  object: 'a section',
  record: 'a section',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};
const typeName = (expected: string): string => typeNames[expected] ?? expected;

/** Messages of zod itself begin so; ours do not. */
const hasOwnMessage = (message: string): boolean => !/^Invalid input/.test(message);

function plainMessage(issue: z.core.$ZodIssue): string {
  if (hasOwnMessage(issue.message) && !/^Too (small|big)/.test(issue.message)) return issue.message;
  if (issue.code === 'too_small') {
    const { origin, minimum } = issue;
    if (origin === 'string') return 'must not be empty';
    if (origin === 'array') return `needs at least ${minimum} entry`;
    return `must be ${issue.inclusive === false ? 'above' : 'at least'} ${minimum}`;
  }
  if (issue.code === 'too_big') return `must be at most ${issue.maximum}`;
  return issue.message;
}
