import { refusal } from '../../batch/errors.ts';
import type { Description } from '../provider.ts';

/** What a message's `options` may hold for an OpenAI job. */
export interface OpenAiOptions {
  /** Seconds after which OpenAI deletes the job's output and error files. Default: 30 days. */
  readonly outputExpiresAfterSeconds?: number;
}

// https://platform.openai.com/docs/api-reference/batch/create: output_expires_after.seconds
const EXPIRY_SECONDS = { min: 3_600, max: 2_592_000 };

/** What is known of OpenAI without credentials or its SDK. */
export const openAiDescription: Description = {
  endpoints: [
    '/v1/chat/completions',
    '/v1/responses',
    '/v1/embeddings',
    '/v1/completions',
    '/v1/moderations',
  ],
  checkOptions: (options) => checkExpiry('OpenAI', options, EXPIRY_SECONDS),
};

/**
 * Checks that `options` holds an expiry within `range`, or nothing.
 *
 * @throws RefusedError naming the option and what is allowed
 */
export function checkExpiry(
  name: string,
  options: Readonly<Record<string, unknown>>,
  { min, max }: { readonly min: number; readonly max: number },
): void {
  for (const [option, value] of Object.entries(options)) {
    const isExpiry = option === 'outputExpiresAfterSeconds' && Number.isInteger(value);
    if (isExpiry && (value as number) >= min && (value as number) <= max) continue;
    const found = JSON.stringify(value).slice(0, 100);
    throw refusal(
      'option_refused',
      `options.${option} is ${found}: ${name} jobs take only outputExpiresAfterSeconds, a whole number from ${min} to ${max}`,
    );
  }
}
