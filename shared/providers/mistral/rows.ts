import { isObject, tryParseJson } from '../../jsonl/rows.ts';
import { errorIn } from '../openai/errorBodies.ts';

/** Whether the request of a row was answered. In a text, the quotes would be escaped. */
const ANSWERED = /"status_code"\s*:\s*200\b/;
/** A row of an answer says so in its first bytes, before the body. */
const HEAD_BYTES = 4096;

/**
 * A row as OpenAI has it. That of a request that failed has the error as the body of its response,
 * where OpenAI has it in the field `error` of the body.
 */
export function openAiRow(bytes: Buffer): Buffer {
  // Parsing every row here would cost more than reading it.
  if (ANSWERED.test(bytes.toString('latin1', 0, HEAD_BYTES))) return bytes;
  const row = tryParseJson(bytes.toString());
  if (!isObject(row) || !isObject(row.response)) return bytes;
  const error = errorIn(row.response.body);
  if (error === undefined) return bytes;
  return Buffer.from(JSON.stringify({ ...row, response: { ...row.response, body: { error } } }));
}
