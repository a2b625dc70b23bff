import { shortReason } from '../../batch/errors.ts';
import type { Outcome } from '../../batch/job.ts';
import { ACCOUNT_ROW_CODE } from '../../batch/ledger.ts';
import { answerRow, isObject, type RowError, refusalRow, tryParseJson } from '../../jsonl/rows.ts';
import { type LineReader, rowsOfLine, rowsOfObject } from '../../jsonl/unreadable.ts';
import { UNKNOWN_ROW_STATUS, unreadableAnswer } from '../errors.ts';
import { isAboutAccount } from '../google/errors.ts';
import { HTTP_STATUSES, httpStatusOf } from '../google/status.ts';
import { CLAUDE_STATUSES } from '../translation/claudeAnswer.ts';
import { lettered, REFERENCE_LABEL, referenceFrom } from './api.ts';
import { classify } from './errors.ts';
import type { Route } from './requests.ts';
import type { Outputs } from './store.ts';

/** The rows of a job's output in the OpenAI batch output format, under their references. */
export async function* readRows(
  outputs: Outputs,
  outcome: Outcome,
  route: Route,
): AsyncGenerator<readonly Uint8Array[]> {
  // Not every answer has its time: the time of collecting is used.
  const created = Math.floor(Date.now() / 1000);
  const reader: LineReader<OutputRow> = {
    idFields: `custom_id|key|${REFERENCE_LABEL}`,
    idOf: referenceIn,
    referenceOf: referenceFrom,
    rowOf: (reference, line) => rowOf(reference, line, route, created),
  };
  for (const file of outcome.files)
    try {
      for await (const group of outputs.lines(file))
        yield group.flatMap((line) =>
          line instanceof Uint8Array ? rowsOfLine(line, reader) : rowsOfObject(line, reader),
        );
    } catch (error) {
      throw classify(error, 'read');
    }
}

/** Undefined for a row that did not run: it has neither answer nor error. */
function rowOf(
  reference: string,
  line: OutputRow,
  route: Route,
  created: number,
): Buffer | undefined {
  const result = resultOf(line);
  if (result === undefined) return undefined;
  if ('error' in result) return refusalRow(reference, reference, result.error);
  try {
    const body = route.responseBody(result.response, { reference, created });
    return answerRow(reference, reference, body);
  } catch (error) {
    return refusalRow(reference, reference, unreadableAnswer(error));
  }
}

function referenceIn({ custom_id: id, key, request }: OutputRow): string | undefined {
  const reference = id ?? key ?? request?.labels?.[REFERENCE_LABEL];
  return typeof reference === 'string' ? lettered(reference) : undefined;
}

/** HTTP statuses by the names of errors. */
const STATUS_BY_NAME: Readonly<Record<string, number>> = { ...HTTP_STATUSES, ...CLAUDE_STATUSES };

/** Statuses of messages without a code, such as `Bad Request: …`. */
const PHRASES: readonly (readonly [RegExp, number])[] = [
  [/^bad request/i, 400],
  [/too many requests|quota/i, 429],
];

/** A file in Cloud Storage that a request names, and that may not be read. */
const ABOUT_FILE = /gs:\/\/|storage\.objects\./i;

/**
 * The `status` or the error of a row in OpenAI's terms. It is an object, a text, or a text that
 * contains an object. Its code is an HTTP status, a number of google.rpc.Code, or a name.
 *
 * @param given the HTTP status, if another field of the row has it
 */
function rowErrorOf(value: unknown, given?: number): RowError {
  const { code: found, status: name, type, message } = errorPartsOf(value);
  const words = [name, type, found].filter((word) => typeof word === 'string');
  const status = given ?? statusOf(found, words, message);
  const isRefused = status === 401 || status === 403 || isAboutAccount(words, message);
  // A file that a request names is that request's own.
  if (isRefused && !ABOUT_FILE.test(message))
    return { status: 403, code: ACCOUNT_ROW_CODE, message: shortReason('', message).message };
  return { status, ...shortReason(words[0] ?? `vertex_${found ?? status}`, message) };
}

interface ErrorParts {
  readonly code?: unknown;
  readonly status?: unknown;
  readonly type?: unknown;
  readonly message: string;
}

function errorPartsOf(value: unknown): ErrorParts {
  if (typeof value === 'string') {
    const inner = objectIn(value);
    return inner === undefined ? { message: value } : { ...nameIn(value), ...errorPartsOf(inner) };
  }
  const { error, ...parts } = (value ?? {}) as { error?: unknown; message?: unknown };
  if (typeof error === 'object' && error !== null) return errorPartsOf(error);
  const { message } = parts;
  return { ...parts, message: typeof message === 'string' ? message : 'no message was given' };
}

function objectIn(text: string): object | undefined {
  const value = tryParseJson(text.slice(text.indexOf('{')));
  return isObject(value) ? value : undefined;
}

/** A name in front of the object, which may contain only a message. */
function nameIn(text: string): { status?: string } {
  const name = /[A-Z][A-Z_]{3,}/.exec(text)?.[0];
  return name !== undefined && Object.hasOwn(STATUS_BY_NAME, name) ? { status: name } : {};
}

function statusOf(code: unknown, words: readonly string[], message: string): number {
  const numbered = httpStatusOf(Number(code ?? Number.NaN));
  if (numbered !== undefined) return numbered;
  const texts = [...words, ...(message.match(/[A-Za-z][A-Za-z_]{3,}/g) ?? [])];
  const word = texts.find((text) => Object.hasOwn(STATUS_BY_NAME, text));
  if (word !== undefined) return STATUS_BY_NAME[word] ?? UNKNOWN_ROW_STATUS;
  return PHRASES.find(([pattern]) => pattern.test(message))?.[1] ?? UNKNOWN_ROW_STATUS;
}

/** A row of a job's output, of any of the models. */
export interface OutputRow {
  readonly custom_id?: unknown;
  /** Of an embedding. */
  readonly key?: unknown;
  readonly request?: { readonly labels?: Readonly<Record<string, unknown>> };
  /** Empty if the request was answered. */
  readonly status?: unknown;
  readonly error?: unknown;
  readonly response?: unknown;
}

type RowResult = { readonly response: unknown } | { readonly error: RowError };

/**
 * The answer or the error of a request; undefined if it did not run.
 *
 * @throws Error for an answer that is no object, such as a text that was cut off
 */
export function resultOf({ status, error, response }: OutputRow): RowResult | undefined {
  if (isPresent(status)) return { error: rowErrorOf(status) };
  if (isPresent(error)) return { error: rowErrorOf(error) };
  if (response == null || response === '') return undefined;
  if (!isObject(response)) throw new Error('the answer is no object');
  if (Object.keys(response).length === 0) return undefined;
  // Claude's refusals are in the place of its answers.
  if (response.type === 'error') return { error: rowErrorOf(response) };
  if (!('body' in response)) return { response };
  // Answers of open models have the form of OpenAI's output files.
  const { status_code: code = 200, body } = response;
  if (typeof code === 'number' && code < 400) return { response: body };
  return { error: rowErrorOf(isObject(body) ? body : {}, Number(code)) };
}

function isPresent(value: unknown): boolean {
  if (isObject(value)) return Object.keys(value).length > 0;
  return typeof value === 'string' && !['', 'OK', '{}', 'null'].includes(value.trim());
}
