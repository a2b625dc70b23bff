import { rm, writeFile } from 'node:fs/promises';
import { readLines } from '../engine/lines.ts';
import { hashOf } from '../engine/plan.ts';
import { type RunRequest, writeLines } from '../engine/run.ts';
import { isObject } from '../engine/server.ts';
import type { Tables } from './bigquery.ts';
import type { Objects } from './gcs.ts';
import { rowOf } from './replies.ts';

/** The label by which a request in Cloud Storage may carry its id. */
const REQUEST_LABEL = 'batch_handler_request';

export interface Stores {
  readonly objects: Objects;
  readonly tables: Tables;
}

/**
 * Copies a job's input: the job keeps it, even if it is deleted. What cannot be run is left empty.
 *
 * @returns why it cannot be run, if it cannot
 */
export async function fetchInput(
  { objects, tables }: Stores,
  uri: string,
  path: string,
): Promise<string | undefined> {
  const isThere = uri.startsWith('bq://') ? tables.copy(uri, path) : objects.copy(uri, path);
  const problem = isThere ? await problemOf(path) : `Input ${uri} was not found.`;
  if (problem === undefined) return undefined;
  await rm(path, { force: true });
  await writeFile(path, '');
  return problem;
}

async function problemOf(path: string): Promise<string | undefined> {
  for await (const { number, bytes } of readLines(path))
    if (!isRequest(bytes)) return `Failed to import data: line ${number} holds no request.`;
  return undefined;
}

function isRequest(bytes: Buffer): boolean {
  try {
    const line: unknown = JSON.parse(bytes.toString());
    return isObject(line) && (isObject(line.request) || isObject(line.body));
  } catch {
    return false;
  }
}

/** What the journal knows a request by. */
export function idOfLine({ custom_id: id, request }: Readonly<Record<string, unknown>>): string {
  if (id !== undefined) return String(id);
  const labels = isObject(request) && isObject(request.labels) ? request.labels : {};
  return String(labels[REQUEST_LABEL]);
}

/** Writes the rows of a job's output; a request that was not run has none. */
export function writeOutput(
  path: string,
  { model, processedTime }: { readonly model: string; readonly processedTime: string },
  requests: AsyncIterable<RunRequest>,
) {
  return writeLines(path, requests, ({ line, verdict }) => {
    const { row, ...cost } = rowOf(model, line, verdict, hashOf(textOf(line)));
    const hasFailed = verdict !== 'succeeded';
    return { line: { processed_time: processedTime, ...row }, hasFailed, ...cost };
  });
}

/** The request without what tells it from an equal one. */
function textOf({ custom_id: _, request, ...line }: Readonly<Record<string, unknown>>): string {
  const { labels: __, ...rest } = (request ?? {}) as Record<string, unknown>;
  return JSON.stringify([line, rest]);
}
