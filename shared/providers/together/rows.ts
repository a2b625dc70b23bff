import { isObject, refusalRow } from '../../jsonl/rows.ts';
import { UNKNOWN_ROW_STATUS } from '../errors.ts';
import { isAboutAccount } from '../openai/errors.ts';
import { openAiRow } from '../openai/rowErrors.ts';
import { WORDS } from './jobs.ts';

/**
 * A row in OpenAI's format. The error file has "custom_id … with the failure reason", and no status:
 * https://docs.together.ai/docs/inference/batch/manage, "Error file format"
 */
export function rowOf(bytes: Buffer): Buffer {
  return openAiRow(bytes, (customId, error) => {
    const { code, message } = isObject(error) ? error : { code: undefined, message: error };
    const text = typeof message === 'string' && message !== '' ? message : 'no reason was given';
    const name = typeof code === 'string' || typeof code === 'number' ? String(code) : '';
    const status = statusOf(name, text);
    return refusalRow(customId, customId, {
      status,
      code: name || 'request_failed',
      message: text,
    });
  });
}

/** Words of a failure that may pass, also where others sound like a fault of the request. */
const PASSING = /rate.?limit|time.?out|timed out|overload|unavailable|internal|capacity|try again/i;
const INPUT = /context length|too (long|large)|maximum|must (be|have)|required/i;

/** A code may be an HTTP status. Of an error that nothing is known of, the request runs again. */
function statusOf(code: string, message: string): number {
  if (/^[45]\d\d$/.test(code)) return Number(code);
  const text = `${code.replaceAll('_', ' ')} ${message}`;
  if (isAboutAccount([code], message, WORDS)) return 403;
  if (PASSING.test(text)) return UNKNOWN_ROW_STATUS;
  return INPUT.test(text) || WORDS.input?.test(text) ? 400 : UNKNOWN_ROW_STATUS;
}
