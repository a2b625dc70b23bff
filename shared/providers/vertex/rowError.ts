import { ACCOUNT_ROW_CODE } from '../../batch/ledger.ts';
import { shortReason } from '../../batch/reason.ts';
import { isAboutAccount } from '../google/codes.ts';
import { HTTP_STATUSES, httpStatusOf } from '../google/rpcCodes.ts';
import { CLAUDE_STATUSES } from '../translation/anthropic/errorStatuses.ts';
import type { RowError } from '../translation/rows.ts';

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
