import { RefusedError } from '../../batch/errors.ts';
import type { Provider } from '../provider.ts';

/** What a message's `options` may hold for an OpenAI job. */
export interface OpenAiOptions {
  /** Seconds after which OpenAI deletes the job's output and error files. Default: 30 days. */
  readonly outputExpiresAfterSeconds?: number;
}

// https://platform.openai.com/docs/api-reference/batch/create: output_expires_after.seconds
const EXPIRY_SECONDS = { min: 3_600, max: 2_592_000 };
const ALLOWED = `outputExpiresAfterSeconds, a whole number from ${EXPIRY_SECONDS.min} to ${EXPIRY_SECONDS.max}`;

/** What is known of OpenAI without credentials or its SDK. */
export const openAiDescription: Pick<Provider, 'endpoints' | 'checkOptions'> = {
  endpoints: [
    '/v1/chat/completions',
    '/v1/responses',
    '/v1/embeddings',
    '/v1/completions',
    '/v1/moderations',
  ],

  checkOptions(options) {
    for (const [name, value] of Object.entries(options)) {
      if (name === 'outputExpiresAfterSeconds' && isExpiry(value)) continue;
      const found = JSON.stringify(value).slice(0, 100);
      throw new RefusedError({
        code: 'option_refused',
        message: `options.${name} is ${found}: OpenAI jobs take only ${ALLOWED}`,
      });
    }
  },
};

function isExpiry(value: unknown): boolean {
  return (
    Number.isInteger(value) &&
    (value as number) >= EXPIRY_SECONDS.min &&
    (value as number) <= EXPIRY_SECONDS.max
  );
}
