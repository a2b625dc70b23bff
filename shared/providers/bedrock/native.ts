import type { ModelInvocationType } from '@aws-sdk/client-bedrock';
import { refusal } from '../../batch/errors.ts';

/** What a message's `options` may hold for a Bedrock job. */
export interface BedrockOptions {
  /**
   * What native requests are: the model's own (`InvokeModel`, the default), or those of Converse.
   * Requests in OpenAI's format are translated into what suits their model.
   */
  readonly modelInvocationType?: ModelInvocationType;
}

const TYPES: readonly unknown[] = ['InvokeModel', 'Converse'] satisfies ModelInvocationType[];

/** @throws RefusedError naming the option and what is allowed */
export function checkBedrockOptions(options: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (name === 'modelInvocationType' && TYPES.includes(value)) continue;
    const found = JSON.stringify(value).slice(0, 100);
    const allowed = `modelInvocationType, one of ${TYPES.join(' and ')}`;
    throw refusal(
      'option_refused',
      `options.${name} is ${found}: Bedrock jobs take only ${allowed}`,
    );
  }
}

/** A request in the model's own format: the model stands in the job, not in the request. */
export function nativeInput({
  model: _,
  ...body
}: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return body;
}
