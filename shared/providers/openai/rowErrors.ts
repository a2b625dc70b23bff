import { isObject, tryParseJson } from '../../jsonl/rows.ts';
import { errorIn } from './errorBodies.ts';

/** Whether the request of a row was answered. In a text, the quotes would be escaped. */
const ANSWERED = /"status_code"\s*:\s*200\b/;
/** A row of an answer says so in its first bytes, before the body. */
const HEAD_BYTES = 4096;

/**
 * A row as OpenAI has it, of a service whose rows of answers are OpenAI's. That of a request that failed
 * has the error as the body of its response, where OpenAI has it in the field `error` of the body.
 *
 * @param rowOfError makes the row of an error that came without a response. Default: it stays as it is
 */
export function openAiRow(
  bytes: Buffer,
  rowOfError?: (customId: string, error: unknown) => Buffer,
): Buffer {
  // Parsing every row here would cost more than reading it.
  if (ANSWERED.test(bytes.toString('latin1', 0, HEAD_BYTES))) return bytes;
  const row = tryParseJson(bytes.toString());
  if (!isObject(row)) return bytes;
  const { custom_id: id, error: failure } = row;
  if (!isObject(row.response))
    return rowOfError && typeof id === 'string' && failure ? rowOfError(id, failure) : bytes;
  const error = errorIn(row.response.body);
  if (error === undefined) return bytes;
  return Buffer.from(JSON.stringify({ ...row, response: { ...row.response, body: { error } } }));
}
