import { rm, writeFile } from 'node:fs/promises';
import { readLines } from '../engine/lines.ts';
import { isObject, parseJson } from '../engine/router.ts';
import type { InputLine } from '../engine/run.ts';
import type { Objects } from './gcs.ts';
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
  uri: string,
  path: string,
): Promise<string | undefined> {
  const isThere = uri.startsWith('bq://') ? tables.copy(uri, path) : objects.copy(uri, path);
  const problem = isThere ? await inputProblem(path) : `Input ${uri} was not found.`;
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
export function idOfLine({ custom_id: id, request }: InputLine): string {
  if (id !== undefined) return String(id);
  const labels = isObject(request) && isObject(request.labels) ? request.labels : {};
  return String(labels[REQUEST_LABEL]);
}

const BAD_ROLE = 'Please use a valid role: user, model.';

/** Why Gemini refuses a request when it runs it. Undefined if it does not. */
export function geminiProblem({ contents }: Readonly<Record<string, unknown>>): string | undefined {
  const roles = Array.isArray(contents) ? contents.map((content) => content?.role) : [];
  const isValid = roles.length > 0 && roles.every((role) => role === 'user' || role === 'model');
  return isValid ? undefined : BAD_ROLE;
}

const ANTHROPIC_VERSION = /^vertex-\d{4}-\d{2}-\d{2}$/;

/** Why Claude refuses a request when it runs it. Undefined if it does not. */
export function claudeProblem(request: Readonly<Record<string, unknown>>): string | undefined {
  const { anthropic_version: version, messages } = request;
  if (typeof version !== 'string' || !ANTHROPIC_VERSION.test(version))
    return 'anthropic_version: Field required';
  if ('model' in request) return 'model: Extra inputs are not permitted';
  const isValid = Array.isArray(messages) && Number.isInteger(request.max_tokens);
  return isValid ? undefined : 'max_tokens: Field required';
}
