import { ProviderError } from '../batch/errors.ts';

/**
 * For an answer that came with a status of success and cannot be what it should be: most often it
 * is a gateway's.
 *
 * @param call such as `Gemini, read`
 */
export function unusableAnswer(call: string, what: string): ProviderError {
  return new ProviderError('transient', {
    code: 'no_usable_answer',
    message: `${call}: ${what}`,
  });
}
