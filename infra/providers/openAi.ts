import { omitUndefined } from '../../shared/omitUndefined.ts';
import { KINDS } from '../../shared/providers/kinds.ts';
import { secretAccess } from './access.ts';
import {
  API_KEY,
  contextKind,
  defineProvider,
  importSecret,
  type KeyOptions,
  type ProviderDefinition,
  secretArnShape,
  webhookShape,
} from './kind.ts';

/** Options of `LlmProvider.openAi`. */
export interface OpenAiOptions extends KeyOptions {
  /**
   * Whether OpenAI notifies the handler by webhook when a job has ended, so that the handler checks
   * the job at once. Enter the URL of `webhooks` at OpenAI, and put the signing secret into its secret.
   *
   * @default false - the next sweep finds jobs that have ended
   */
  readonly webhook?: boolean;
}

export function openAi({ secret, webhook, ...settings }: OpenAiOptions): ProviderDefinition {
  return defineProvider({ kind: 'openai', ...settings }, secretAccess(secret, API_KEY), webhook);
}

export const openAiKind = contextKind({
  schema: KINDS.openai.settings.extend({ ...secretArnShape, ...webhookShape }),
  define: (scope, name, { kind, secretArn, ...options }) =>
    openAi(omitUndefined({ ...options, secret: importSecret(scope, name, secretArn) })),
});
