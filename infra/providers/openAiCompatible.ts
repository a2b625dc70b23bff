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
} from './kind.ts';

/** Options of `LlmProvider.openAiCompatible`. */
export interface OpenAiCompatibleOptions extends KeyOptions {
  /** Base URL of the API, up to and including the version, such as `/v1`. Must be https, or http on localhost. */
  readonly baseUrl: string;
  /**
   * The completion window of jobs whose message names none: one that the service offers, such as
   * `1h` or `7d`.
   *
   * @default 24h
   */
  readonly completionWindow?: string;
}

export function openAiCompatible({
  secret,
  ...settings
}: OpenAiCompatibleOptions): ProviderDefinition {
  return defineProvider({ kind: 'openai-compatible', ...settings }, secretAccess(secret, API_KEY));
}

export const openAiCompatibleKind = contextKind({
  schema: KINDS['openai-compatible'].settings.extend(secretArnShape),
  define: (scope, name, { kind, secretArn, ...options }) =>
    openAiCompatible(omitUndefined({ ...options, secret: importSecret(scope, name, secretArn) })),
});
