import { rm, writeFile } from 'node:fs/promises';
import { problemOf, urlSourceProblem } from '../anthropic/params.ts';
import { readLines } from '../engine/lines.ts';
import { isObject, parseJson } from '../engine/router.ts';
import type { InputLine } from '../engine/run.ts';
import type { Objects } from './gcs.ts';
import { importLines } from './import.ts';
import type { Tables } from './tables.ts';

export interface Stores {
  readonly objects: Objects;
  readonly tables: Tables;
}

/**
 * Copies a job's input, so that the job keeps it even if the source is deleted. The copy of an
 * input that cannot run is empty.
 *
 * @returns why the job cannot run. Undefined if it can
 */
export async function fetchInput(
  { objects, tables }: Stores,
  { inputUri: uri, model }: { readonly inputUri: string; readonly model: string },
  path: string,
): Promise<string | undefined> {
  const isTable = uri.startsWith('bq://');
  const isThere = isTable ? tables.copy(uri, path) : objects.copy(uri, path);
  const isImported = !isTable && !/^publishers\/(?!google\/)/.test(model);
  if (isTable && /embedding/.test(model) && isThere)
    return 'BigQuery is not supported for this model.';
  const problem = isThere
    ? ((await inputProblem(path)) ?? (isImported ? await importLines(path) : undefined))
    : `Input ${uri} was not found.`;
  if (problem === undefined) return undefined;
  await rm(path, { force: true });
  await writeFile(path, '');
  return problem;
}

async function inputProblem(path: string): Promise<string | undefined> {
  for await (const { number, bytes } of readLines(path)) {
    const line = parseJson(bytes.toString());
    if (!isObject(line) || !(isObject(line.request) || isObject(line.body)))
      return `Failed to import data: line ${number} holds no request.`;
  }
  return undefined;
}

/** The label that carries the id of a request in Cloud Storage. */
const REQUEST_LABEL = 'batch_handler_request';

/** The id under which the journal lists a request. */
export function idOfLine({ custom_id, key, request }: InputLine): string {
  const id = custom_id ?? key;
  if (id !== undefined) return String(id);
  const labels = isObject(request) && isObject(request.labels) ? request.labels : {};
  return String(labels[REQUEST_LABEL]);
}

const BAD_ROLE = 'Please use a valid role: user, model.';

/** Why Gemini refuses a request when it runs it. Undefined if it does not. */
export function geminiProblem(request: Readonly<Record<string, unknown>>): string | undefined {
  const { contents, generationConfig, tools } = request;
  const roles = Array.isArray(contents) ? contents.map((content) => content?.role) : [];
  const isValid = roles.length > 0 && roles.every((role) => role === 'user' || role === 'model');
  if (!isValid) return BAD_ROLE;
  for (const content of contents as readonly Record<string, unknown>[])
    for (const part of Array.isArray(content.parts) ? content.parts : [])
      if (!['string', 'undefined'].includes(typeof part?.text))
        return "Invalid value at 'contents.parts.text' (TYPE_STRING)";
  const config = isObject(generationConfig) ? generationConfig : {};
  const { stopSequences = [], responseJsonSchema, responseMimeType } = config;
  if (!Array.isArray(stopSequences) || stopSequences.some((stop) => typeof stop !== 'string'))
    return "Invalid value at 'generation_config.stop_sequences' (TYPE_STRING)";
  if (responseJsonSchema !== undefined && responseMimeType === undefined)
    return 'response_mime_type must be set when response_json_schema is set';
  const declarations = (Array.isArray(tools) ? tools : []).flatMap(
    (tool) => tool?.functionDeclarations ?? [],
  );
  return (
    schemaProblem('response_json_schema', responseJsonSchema) ??
    declarations
      .map((declaration) =>
        schemaProblem('parameters_json_schema', declaration.parametersJsonSchema),
      )
      .find((problem) => problem !== undefined)
  );
}

/** A null counts as a schema: https://protobuf.dev/programming-guides/json/ on google.protobuf.Value. */
function schemaProblem(field: string, schema: unknown, at = ''): string | undefined {
  if (schema === undefined || typeof schema === 'boolean') return undefined;
  if (!isObject(schema)) return `Invalid ${field}: schema at ${at} must be a boolean or an object`;
  const { properties, items } = schema;
  const inner = Object.entries({
    ...(isObject(properties) ? properties : {}),
    ...(items === undefined ? {} : { items }),
  });
  return inner
    .map(([name, one]) => schemaProblem(field, one, `${at}properties.${name}`))
    .find((problem) => problem !== undefined);
}

/** Why a Gemini embedding model refuses a request when it runs it. Undefined if it does not. */
export function embeddingProblem({
  content,
  embed_content_config: config = {},
  ...unknown
}: Readonly<Record<string, unknown>>): string | undefined {
  const [name] = Object.keys(unknown);
  if (name !== undefined) return `Invalid JSON payload received. Unknown name "${name}"`;
  if (!isObject(config)) return "Invalid value at 'embed_content_config'";
  const parts = isObject(content) && Array.isArray(content.parts) ? content.parts : [];
  const isValid = parts.length > 0 && parts.every((part) => typeof part?.text === 'string');
  return isValid ? undefined : 'content is not specified';
}

const ANTHROPIC_VERSION = /^vertex-\d{4}-\d{2}-\d{2}$/;

/** Why Claude refuses a request when it runs it. Undefined if it does not. */
export function claudeProblem(
  request: Readonly<Record<string, unknown>>,
  model: string,
): string | undefined {
  const { anthropic_version: version } = request;
  if (typeof version !== 'string' || !ANTHROPIC_VERSION.test(version))
    return 'anthropic_version: Field required';
  if ('model' in request) return 'model: Extra inputs are not permitted';
  return problemOf(request, model) ?? urlSourceProblem(request);
}
