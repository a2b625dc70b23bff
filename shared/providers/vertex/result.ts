import type { RowError } from '../translation/rows.ts';
import { rowErrorOf } from './rowError.ts';

/** A row of a job's output, of any of the models. */
export interface OutputRow {
  readonly custom_id?: unknown;
  readonly request?: { readonly labels?: Readonly<Record<string, unknown>> };
  /** Empty for a request that was answered. */
  readonly status?: unknown;
  readonly error?: unknown;
  readonly response?: unknown;
}

export type Result = { readonly response: unknown } | { readonly error: RowError };

/** What became of a request; undefined if nothing did. */
export function resultOf({ status, error, response }: OutputRow): Result | undefined {
  if (isSaid(status)) return { error: rowErrorOf(status) };
  if (isSaid(error)) return { error: rowErrorOf(error) };
  if (!isObject(response) || Object.keys(response).length === 0) return undefined;
  // Claude's refusals stand where its answers do.
  if (response.type === 'error') return { error: rowErrorOf(response) };
  if (!('body' in response)) return { response };
  // Open models answer as OpenAI's output files do.
  const { status_code: code = 200, body } = response;
  if (typeof code === 'number' && code < 400) return { response: body };
  return { error: rowErrorOf(isObject(body) ? body : {}, Number(code)) };
}

function isSaid(value: unknown): boolean {
  if (isObject(value)) return Object.keys(value).length > 0;
  return typeof value === 'string' && !['', 'OK', '{}', 'null'].includes(value.trim());
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
