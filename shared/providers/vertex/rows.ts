import { messageOf, shortReason } from '../../batch/errors.ts';
import type { Outcome } from '../../batch/job.ts';
import { ACCOUNT_ROW_CODE } from '../../batch/ledger.ts';
import { isAboutAccount } from '../google/errors.ts';
import { HTTP_STATUSES, httpStatusOf } from '../google/status.ts';
import { CLAUDE_STATUSES } from '../translation/claudeAnswer.ts';
import { answerRow, type RowError, refusalRow } from '../translation/rows.ts';
import { classify, REFERENCE_LABEL } from './api.ts';
import type { Outputs } from './outputs.ts';
import type { Route } from './requests.ts';

/** The rows of what a job wrote, in the OpenAI batch output format, under their references. */
export async function* readRows(
  outputs: Outputs,
  outcome: Outcome,
  route: Route,
): AsyncGenerator<readonly Uint8Array[]> {
  // Answers do not all tell their time: that of collecting stands for it.
  const created = Math.floor(Date.now() / 1000);
  for (const file of outcome.files)
    try {
      for await (const group of outputs.rows(file))
        yield group.map((line) => rowOf(line, route, created)).filter((row) => row !== undefined);
    } catch (error) {
      throw classify(error, 'read');
    }
}

/** An answer that cannot be translated would be no other the next time, and cost the same. */
const UNREADABLE_STATUS = 422;

/** Undefined for a row that is not ours, or has neither answer nor error: it was not run. */
function rowOf(line: OutputRow, route: Route, created: number): Buffer | undefined {
  const reference = referenceIn(line);
  const result = resultOf(line);
  if (reference === undefined || result === undefined) return undefined;
  if ('error' in result) return refusalRow(reference, reference, result.error);
  try {
    const body = route.responseBody(result.response, { reference, created });
    return answerRow(reference, reference, body);
  } catch (error) {
    const unreadable = { status: UNREADABLE_STATUS, code: 'unreadable_answer' };
    return refusalRow(reference, reference, { ...unreadable, message: messageOf(error) });
  }
}

function referenceIn({ custom_id: id, request }: OutputRow): string | undefined {
  const reference = id ?? request?.labels?.[REFERENCE_LABEL];
  return typeof reference === 'string' ? reference : undefined;
}

const STATUSES: Readonly<Record<string, number>> = { ...HTTP_STATUSES, ...CLAUDE_STATUSES };

/** Texts that name no code, as `Bad Request: …`. */
const PHRASES: readonly (readonly [RegExp, number])[] = [
  [/^bad request/i, 400],
  [/too many requests|quota/i, 429],
];
/** Only what is known to be wrong with a request keeps it from running again. */
const UNKNOWN = 500;

/**
 * What the `status` or the error of a row says, in OpenAI's words. It is an object, a text, or a
 * text with an object in it; its code is an HTTP status, a number of google.rpc.Code, or a name.
 *
 * @param given the HTTP status, where the row tells it elsewhere
 */
export function rowErrorOf(value: unknown, given?: number): RowError {
  const { code: found, status: name, type, message } = partsOf(value);
  const words = [name, type, found].filter((word) => typeof word === 'string');
  const status = given ?? statusOf(found, words, message);
  if (status === 401 || status === 403 || isAboutAccount(words, message))
    return { status: 403, code: ACCOUNT_ROW_CODE, message: shortReason('', message).message };
  return { status, ...shortReason(words[0] ?? `vertex_${found ?? status}`, message) };
}

interface Parts {
  readonly code?: unknown;
  readonly status?: unknown;
  readonly type?: unknown;
  readonly message: string;
}

function partsOf(value: unknown): Parts {
  if (typeof value === 'string') {
    const inner = objectIn(value);
    return inner === undefined ? { message: value } : { ...nameIn(value), ...partsOf(inner) };
  }
  const { error, ...parts } = (value ?? {}) as { error?: unknown; message?: unknown };
  if (typeof error === 'object' && error !== null) return partsOf(error);
  const { message } = parts;
  return { ...parts, message: typeof message === 'string' ? message : 'no message was given' };
}

function objectIn(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text.slice(text.indexOf('{')));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A name in front of the object, which may hold a message alone. */
function nameIn(text: string): { status?: string } {
  const name = /[A-Z][A-Z_]{3,}/.exec(text)?.[0];
  return name !== undefined && Object.hasOwn(STATUSES, name) ? { status: name } : {};
}

function statusOf(code: unknown, words: readonly string[], message: string): number {
  const numbered = httpStatusOf(Number(code ?? Number.NaN));
  if (numbered !== undefined) return numbered;
  const texts = [...words, ...(message.match(/[A-Za-z][A-Za-z_]{3,}/g) ?? [])];
  const word = texts.find((text) => Object.hasOwn(STATUSES, text));
  if (word !== undefined) return STATUSES[word] ?? UNKNOWN;
  return PHRASES.find(([pattern]) => pattern.test(message))?.[1] ?? UNKNOWN;
}

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
