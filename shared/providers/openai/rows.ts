import type OpenAI from 'openai';
import type { Outcome } from '../../batch/job.ts';
import { ACCOUNT_ROW_CODE } from '../../batch/ledger.ts';
import { lineGroups } from '../../jsonl/lines.ts';
import { errorRow, isObject, tryParseJson } from '../../jsonl/rows.ts';
import { downloadHeaders, resumedDownload } from '../download.ts';
import type { Classify } from '../errors.ts';
import { openWithin, READ_DEADLINE_MS } from '../http.ts';
import {
  isAboutAccount,
  isAboutModelAccess,
  isNoDeployment,
  OPENAI_WORDS,
  type ServiceWords,
  serviceClassifier,
} from './errors.ts';

// One embeddings request may hold 2,048 texts, whose answer is one line of well over 100 MB.
const MAX_ROW_BYTES = 256 * 1024 * 1024;

/**
 * The rows of all files of an outcome.
 *
 * @param openAiRow turns a row into one of OpenAI's format. Default: all are
 */
export async function* readRows(
  client: OpenAI,
  outcome: Outcome,
  words = OPENAI_WORDS,
  openAiRow = (bytes: Buffer) => bytes,
): AsyncGenerator<readonly Uint8Array[]> {
  const classify = serviceClassifier(words);
  for (const fileId of outcome.files)
    try {
      for await (const group of lineGroups(
        downloadResults(client, fileId, classify),
        MAX_ROW_BYTES,
      ))
        yield group.map(({ bytes }) => {
          const row = openAiRow(bytes);
          return accountRefusalOf(row, words) ?? row;
        });
    } catch (error) {
      throw classify(error, 'read');
    }
}

/**
 * The row of a request that did not run because the account was refused, as every provider has it;
 * undefined for any other row. OpenAI writes what the endpoint would have answered: 400
 * `billing_hard_limit_reached`, 429 `insufficient_quota`, 401 and 403 in the body of the row's
 * response, or the code in the row's own error. A plain 403 may be about the request, such as
 * content that a service has moderated.
 */
export function accountRefusalOf(bytes: Buffer, words = OPENAI_WORDS): Buffer | undefined {
  // Parsing every row here would cost more than reading it.
  if (!hasError(bytes)) return undefined;
  const row = tryParseJson(bytes.toString());
  if (!isObject(row) || typeof row.custom_id !== 'string') return undefined;
  const { status_code: status, body } = isObject(row.response) ? row.response : {};
  for (const error of [row.error, isObject(body) ? body.error : undefined]) {
    if (!isObject(error)) continue;
    const codes = [error.code, error.type].filter((code) => typeof code === 'string');
    const message = typeof error.message === 'string' ? error.message : 'no message was given';
    const isModelRefused = isAboutModelAccess(message) || codes.some(isNoDeployment);
    if (isAboutRowAccount(codes, message, { status, words }) || isModelRefused || status === 401)
      return errorRow(row.custom_id, { code: ACCOUNT_ROW_CODE, message });
  }
  return undefined;
}

/** Statuses by which a request itself is refused. Their texts may quote it. */
const REQUEST_STATUSES: ReadonlySet<unknown> = new Set([400, 404, 413, 415, 422]);

/**
 * Whether the error of a row is about the account. A service's own words are loose, and a request
 * could have them: they do not count where the status says that the request is at fault.
 */
export function isAboutRowAccount(
  codes: readonly string[],
  message: string,
  { status, words }: { readonly status: unknown; readonly words: ServiceWords },
): boolean {
  return isAboutAccount(codes, message, REQUEST_STATUSES.has(status) ? OPENAI_WORDS : words);
}

const ERROR_FIELD = Buffer.from('"error"');
const BRACE = 0x7b;
/** What may stand between a field's name and its value. */
const BETWEEN: ReadonlySet<number | undefined> = new Set(Buffer.from(' \t:'));

/** Whether a field `error` holds an object. Most rows have none. In a text, the quotes are escaped. */
function hasError(row: Buffer): boolean {
  for (let at = row.indexOf(ERROR_FIELD); at >= 0; at = row.indexOf(ERROR_FIELD, at)) {
    at += ERROR_FIELD.length;
    while (BETWEEN.has(row[at])) at += 1;
    if (row[at] === BRACE) return true;
  }
  return false;
}

/**
 * A file's bytes, each once and in order. That the API gives ranges is not documented: it is asked
 * for them, and downloads of hundreds of megabytes break again and again:
 * https://github.com/openai/openai-java/issues/649
 */
function downloadResults(
  client: OpenAI,
  fileId: string,
  classify: Classify,
): AsyncGenerator<Uint8Array> {
  return resumedDownload({
    open: (signal, from) =>
      openWithin(READ_DEADLINE_MS, signal, (within) =>
        client.files.content(fileId, { signal: within, headers: downloadHeaders(from) }),
      ).catch((error: unknown) => {
        throw classify(error, 'read');
      }),
    classify: (error) => classify(error, 'read'),
  });
}
