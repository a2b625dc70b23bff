import { type RefusedError, refusal } from '../../batch/errors.ts';
import { isObject } from '../../jsonl/rows.ts';
import { importableSchema } from './importSchema.ts';

/**
 * How Vertex AI reads requests to Gemini from Cloud Storage: it imports the file like a table of
 * BigQuery, with one type for each key over all lines, and writes each request anew from its row.
 * So a key that another line has comes back as null. Errors that this gave in production:
 * https://github.com/OpenRouterTeam/docs docs/batch-research/google-vertex.md. The rules:
 * https://docs.cloud.google.com/bigquery/docs/loading-data-cloud-storage-json#limitations
 */
type Request = Readonly<Record<string, unknown>>;

/** Fields with JSON schemas. A null in such a field counts as a schema, so all have one or none. */
const SCHEMA_FIELDS: ReadonlySet<string> = new Set([
  'generationConfig.responseJsonSchema',
  'tools.functionDeclarations.parametersJsonSchema',
  'tools.functionDeclarations.responseJsonSchema',
]);
/** Fields with keys that the sender chose, in which a null is a value. */
const FREE_FIELDS: ReadonlySet<string> = new Set([
  ...SCHEMA_FIELDS,
  'generationConfig.responseSchema',
  'tools.functionDeclarations.parameters',
  'tools.functionDeclarations.response',
  'contents.parts.functionCall.args',
  'contents.parts.functionResponse.response',
  'labels',
]);
/** Its keys say by being there which tool it is, also with nothing in them. */
const TOOLS = 'tools';

/**
 * A request without what the import does not take and what does not change the request: nulls,
 * empty objects, and the keywords of JSON schemas that begin with `$`.
 *
 * @throws RefusedError naming the field in which such a thing does change the request
 */
export function importableRequest(request: Request): Record<string, unknown> {
  return withoutEmpty(request, '');
}

function withoutEmpty(value: Request, path: string): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, content] of Object.entries(value)) {
    const at = join(path, name);
    const found =
      SCHEMA_FIELDS.has(at) && isObject(content)
        ? importableSchema(content, placeOf(at))
        : importable(content, at);
    if (found === undefined && content !== null && path === TOOLS)
      throw cannotImport(at, 'is an empty object');
    if (found !== undefined) kept[name] = found;
  }
  return kept;
}

/** Undefined for what is left out. */
function importable(value: unknown, path: string): unknown {
  if (value === null) return undefined;
  if (Array.isArray(value))
    return value.map((one) => {
      const kept = importable(one, path);
      if (kept === undefined) throw cannotImport(path, 'contains null or an empty object');
      return kept;
    });
  if (!isObject(value)) return value;
  const kept = withoutEmpty(value, path);
  return Object.keys(kept).length === 0 ? undefined : kept;
}

type Kind = 'a text' | 'a number' | 'true or false' | 'an object';

/** What is known of a key over all lines. */
interface Column {
  /** The key as the first line wrote it: the names of columns differ by more than case. */
  readonly name: string;
  /** The first line that has it. */
  readonly line: number;
  readonly isList: boolean;
  /** Undefined while only empty lists were seen. */
  kind?: Kind;
  readonly columns: Map<string, Column>;
  /** Of a field whose objects must have the same keys: those of the first object. */
  keys?: ReadonlySet<string>;
}

/** https://docs.cloud.google.com/bigquery/docs/schemas#column_names */
const COLUMN_NAME = /^[A-Za-z_]\w{0,299}$/;
/** https://docs.cloud.google.com/bigquery/quotas#all_tables: columns, and levels of objects. */
const MAX_COLUMNS = 10_000;
const MAX_LEVELS = 15;
/** Texts that the import takes for numbers, booleans, dates and times, if there are no others. */
const TYPED_TEXT =
  /^\s*([+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|nan|[+-]?inf(inity)?|true|false|\d{4}-\d{1,2}-\d{1,2}([ T].*)?|\d{1,2}:\d{2}(:\d{2}(\.\d*)?)?)\s*$/i;

/** Whether the import may take a text for another type. */
export function readsAsTyped(text: string): boolean {
  return TYPED_TEXT.test(text);
}

/** The requests of a file, by what their import makes of them together. Memory holds its columns. */
export class ImportedFile {
  readonly #root: Column = { name: '', line: 0, isList: false, columns: new Map() };
  #columns = 0;
  /** Of the present line: texts that read as another type by their fields, and all other texts. */
  #typed = new Set<string>();
  #plain = new Set<string>();

  /**
   * Adds a request, as `importableRequest` returns it.
   *
   * @throws RefusedError if it fails the import, alone or beside the earlier lines
   */
  add(request: Request, line: number): void {
    this.#typed = new Set();
    this.#plain = new Set();
    // Whether a line has a schema counts, also if it has no configuration.
    const config = isObject(request.generationConfig) ? {} : { generationConfig: {} };
    this.#addObject(
      this.#root,
      { ...request, ...config },
      { path: '', line, levels: 1, isFree: false },
    );
    // A job may run any line alone, so the other lines' texts do not count.
    for (const path of this.#typed)
      if (!this.#plain.has(path))
        throw cannotImport(path, 'has only texts that read as a number, date or boolean');
  }

  #addObject(column: Column, value: Request, place: Place): void {
    const { path, line, levels } = place;
    if (levels > MAX_LEVELS) throw cannotImport(path, `is over ${MAX_LEVELS} levels deep`);
    const isFree = place.isFree || FREE_FIELDS.has(path);
    this.#checkKeys(column, value, { ...place, isFree });
    for (const [name, content] of Object.entries(value)) {
      const at = join(path, name);
      if (!COLUMN_NAME.test(name)) throw cannotImport(at, 'is no name of a column');
      const found = this.#columnOf(column, name, Array.isArray(content), { ...place, path: at });
      for (const one of [content].flat())
        this.#addValue(found, one, { path: at, line, levels, isFree });
    }
  }

  /** The keys that must be the same in all objects of a field: those in which null is a value. */
  #checkKeys(column: Column, value: Request, { path, line, isFree }: Place): void {
    const names = Object.keys(value);
    const keys = new Set(
      isFree ? names : names.filter((name) => SCHEMA_FIELDS.has(join(path, name))),
    );
    column.keys ??= keys;
    const known = column.keys;
    const [other] = [...keys].filter((name) => !known.has(name));
    const [missing] = [...known].filter((name) => !keys.has(name));
    const name = other ?? missing;
    if (name === undefined) return;
    const at = join(path, name);
    const first = column.line === 0 ? 'an earlier request' : `line ${column.line}`;
    const where = column.line === line ? 'another object of this request' : first;
    throw cannotImport(
      at,
      other === undefined ? `is missing, and ${where} has it` : `is there, and not in ${where}`,
    );
  }

  #columnOf(parent: Column, name: string, isList: boolean, { path, line }: Place): Column {
    const key = name.toLowerCase();
    const known = parent.columns.get(key);
    if (known === undefined) {
      if (++this.#columns > MAX_COLUMNS)
        throw cannotImport(path, `is more than the ${MAX_COLUMNS} different fields of a file`);
      const column: Column = { name, line, isList, columns: new Map() };
      parent.columns.set(key, column);
      return column;
    }
    if (known.name !== name) throw cannotImport(path, `is also written ${shown(known.name)}`);
    if (known.isList !== isList)
      throw cannotImport(
        path,
        `is ${isList ? 'a' : 'no'} list, and ${isList ? 'none' : 'one'} on line ${known.line}`,
      );
    return known;
  }

  #addValue(column: Column, value: unknown, place: Place): void {
    const { path, levels } = place;
    const kind = kindOf(value);
    if (kind === undefined) throw cannotImport(path, 'contains a list in a list, or null');
    column.kind ??= kind;
    if (column.kind !== kind)
      throw cannotImport(path, `is ${kind}, and ${column.kind} on line ${column.line}`);
    if (isObject(value)) this.#addObject(column, value, { ...place, levels: levels + 1 });
    else if (typeof value === 'string' && value !== '')
      (readsAsTyped(value) ? this.#typed : this.#plain).add(path);
  }
}

interface Place {
  /** The field's path without indexes. */
  readonly path: string;
  readonly line: number;
  readonly levels: number;
  /** Whether the sender chose the keys here. */
  readonly isFree: boolean;
}

function kindOf(value: unknown): Kind | undefined {
  switch (typeof value) {
    case 'string':
      return 'a text';
    case 'number':
      return 'a number';
    case 'boolean':
      return 'true or false';
    default:
      return isObject(value) ? 'an object' : undefined;
  }
}

/** Google's JSON takes field names in either case. */
function join(path: string, name: string): string {
  const camel = name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return path === '' ? camel : `${path}.${camel}`;
}

function placeOf(path: string): string {
  return `the request's ${shown(path)}`;
}

/** Names in a schema may be as long as their sender likes. */
function shown(path: string): string {
  return path.length > 120 ? `${path.slice(0, 120)}…` : path;
}

function cannotImport(path: string, problem: string): RefusedError {
  return refusal(
    'unsupported_field',
    `${placeOf(path)} ${problem}, which Vertex AI cannot import from Cloud Storage, where each field has one type and one form in all requests: make them alike, or use the BigQuery store, whose requests are JSON`,
  );
}
