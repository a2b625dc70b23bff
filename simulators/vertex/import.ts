import { rename } from 'node:fs/promises';
import { LineWriter, readLines } from '../engine/lines.ts';
import { isObject, parseJson } from '../engine/router.ts';

/**
 * The import of a file of Cloud Storage for Gemini, as production shows it: the lines become rows of
 * one table, with the types that BigQuery detects, and requests are written anew from the rows.
 * Errors: https://github.com/OpenRouterTeam/docs docs/batch-research/google-vertex.md. Detection:
 * https://docs.cloud.google.com/bigquery/docs/schema-detect
 */
interface Field {
  name: string;
  isList: boolean | undefined;
  type: 'TEXT' | 'NUMBER' | 'BOOL' | 'RECORD' | undefined;
  /** Of texts: what all of them could be. */
  detected: 'NUMBER' | 'BOOL' | 'TEXT' | undefined;
  readonly fields: Map<string, Field>;
}

const MAX_LEVELS = 15;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;
const BOOL = /^\s*(true|false)\s*$/i;
/** Fields that Gemini reads as JSON values: a null in them is a value. In others it means unset. */
const VALUES =
  /(^|\.)(responseJsonSchema|parametersJsonSchema|responseSchema|parameters|args|labels|functionResponse\.response)(\.|$)/;
const IMPORT = "Failed to import data. Please check 'Prepare input' section.";

/**
 * Imports a file in its place.
 *
 * @returns why the whole import fails. Undefined if it does not
 */
export async function importLines(path: string): Promise<string | undefined> {
  const table = newField('');
  try {
    for await (const { bytes } of readLines(path)) {
      const line = parseJson(bytes.toString());
      if (isObject(line)) detectRecord(table, line, '', 0);
    }
  } catch (error) {
    if (error instanceof ImportError) return `${IMPORT} ${error.message}`;
    throw error;
  }
  const imported = await LineWriter.create(`${path}.imported`);
  try {
    for await (const { bytes } of readLines(path))
      await imported.write(JSON.stringify(rowOf(table, parseJson(bytes.toString()), '')));
  } finally {
    await imported.close();
  }
  await rename(`${path}.imported`, path);
  return undefined;
}

class ImportError extends Error {}

function newField(name: string): Field {
  return { name, isList: undefined, type: undefined, detected: undefined, fields: new Map() };
}

function detectRecord(record: Field, value: object, path: string, levels: number): void {
  const entries = Object.entries(value);
  if (entries.length === 0) throw new ImportError(`Cannot store struct '${path}' with no fields`);
  if (levels > MAX_LEVELS)
    throw new ImportError(
      `Schema nested too deeply, at least ${levels} compared to the maximum allowed level of ${MAX_LEVELS}`,
    );
  for (const [name, content] of entries) {
    const at = path === '' ? name : `${path}.${name}`;
    if (!NAME.test(name)) throw new ImportError(`Invalid field name "${name}"`);
    const key = name.toLowerCase();
    const field = record.fields.get(key) ?? newField(name);
    if (field.name !== name) throw new ImportError(`Duplicate field name "${name}"`);
    record.fields.set(key, field);
    detect(field, content, at, levels + 1);
  }
}

function detect(field: Field, value: unknown, path: string, levels: number): void {
  if (value === null)
    throw new ImportError(`Only optional fields can be set to NULL. Field: ${path}; Value: NULL`);
  const isList = Array.isArray(value);
  field.isList ??= isList;
  if (field.isList !== isList)
    throw new ImportError(
      isList
        ? `Array specified for non-repeated field: ${path}`
        : `Repeated field must be imported as a JSON array. Field: ${path}`,
    );
  for (const one of isList ? value : [value]) {
    if (one === null || Array.isArray(one))
      throw new ImportError(`Only optional fields can be set to NULL. Field: ${path}; Value: NULL`);
    const type = TYPES[typeof one];
    field.type ??= type;
    if (field.type !== type)
      throw new ImportError(`JSON object specified for a field of another type: ${path}`);
    if (isObject(one)) detectRecord(field, one, path, levels);
    if (typeof one === 'string' && one !== '') {
      const detected = NUMBER.test(one) ? 'NUMBER' : BOOL.test(one) ? 'BOOL' : 'TEXT';
      field.detected ??= detected;
      if (field.detected !== detected) field.detected = 'TEXT';
    }
  }
}

const TYPES: Readonly<Record<string, Field['type']>> = {
  string: 'TEXT',
  number: 'NUMBER',
  boolean: 'BOOL',
  object: 'RECORD',
};

/** A row as a request sees it: lists that it lacks are empty, and other keys that it lacks null. */
function rowOf(record: Field, value: unknown, path: string): object {
  const given = new Map(Object.entries(isObject(value) ? value : {}));
  const row: Record<string, unknown> = {};
  for (const field of record.fields.values()) {
    const at = path === '' ? field.name : `${path}.${field.name}`;
    const content = given.get(field.name);
    if (content === undefined) {
      if (VALUES.test(at)) row[field.name] = field.isList ? [] : null;
      else if (at === 'request.generationConfig') row[field.name] = rowOf(field, {}, at);
    } else
      row[field.name] = Array.isArray(content)
        ? content.map((one) => cellOf(field, one, at))
        : cellOf(field, content, at);
  }
  return row;
}

function cellOf(field: Field, value: unknown, path: string): unknown {
  if (field.type === 'RECORD') return rowOf(field, value, path);
  if (typeof value !== 'string' || value === '') return value;
  if (field.detected === 'NUMBER') return Number(value);
  return field.detected === 'BOOL' ? /true/i.test(value) : value;
}
