import { isObject, tryParseJson } from '../../jsonl/rows.ts';
import { omitUndefined } from '../../omitUndefined.ts';

/**
 * Lets OpenAI's SDK read the reasons of other services' refusals. It knows them only as an object in
 * the field `error`, and has no message for:
 * - `{ message, type, code }`, of Mistral: https://docs.mistral.ai/resources/error-glossary
 * - `{ detail }`, a text or a list of `{ loc, msg, input }`, of FastAPI, such as Mistral's 401 and 422:
 *   https://fastapi.tiangolo.com/tutorial/handling-errors
 * - `{ errors: { data: [{ code, message }] } }`, of Azure's dated versions: its examples for `Batch_Create`
 * - `{ code, error }`, two texts, of xAI: `responsesErrorSchema` in `xai-error.ts` of @ai-sdk/xai
 */
export function withReadableErrors(send: typeof fetch): typeof fetch {
  return async (url, init) => {
    const response = await send(url, init);
    const { ok, status, headers } = response;
    if (ok || !headers.get('content-type')?.includes('json')) return response;
    const text = await response.text();
    const error = errorIn(tryParseJson(text));
    const body = error === undefined ? text : JSON.stringify({ error });
    return new Response(body === '' ? null : body, {
      status,
      headers: [...headers].filter(isKept),
    });
  };
}

/** The text has been decoded, and may be another one. */
function isKept([name]: readonly [string, string]): boolean {
  return name !== 'content-length' && name !== 'content-encoding';
}

/** The error of such a body; undefined for one that the SDK reads itself. */
export function errorIn(body: unknown): object | undefined {
  if (!isObject(body) || isObject(body.error)) return undefined;
  if (body.errors !== undefined) return errorIn(firstOf(body.errors));
  const { error, detail, message, code, type, param } = body;
  const texts = [error, ...problemsIn(detail), message].filter((text) => typeof text === 'string');
  if (texts.length === 0) return undefined;
  return omitUndefined({
    message: texts.join(': '),
    code: nameIn(code),
    type: nameIn(type),
    param: nameIn(param),
  });
}

/** The first of a list, which may be in `data`, or be a single object. */
function firstOf(errors: unknown): unknown {
  const list = isObject(errors) && errors.data !== undefined ? errors.data : errors;
  return Array.isArray(list) ? list[0] : list;
}

/** Codes may be numbers. */
function nameIn(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The rest of such a problem, `input`, quotes the request. */
function problemsIn(detail: unknown): readonly unknown[] {
  if (!Array.isArray(detail)) return [detail];
  return detail.filter(isObject).map(({ loc, msg }) => {
    const place = Array.isArray(loc) ? `${loc.join('.')} ` : '';
    return typeof msg === 'string' ? place + msg : undefined;
  });
}
