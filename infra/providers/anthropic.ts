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

/** Options of `LlmProvider.anthropic`. */
export interface AnthropicOptions extends KeyOptions {}

export function anthropic({ secret, ...settings }: AnthropicOptions): ProviderDefinition {
  return defineProvider({ kind: 'anthropic', ...settings }, secretAccess(secret, API_KEY));
}

export const anthropicKind = contextKind({
  schema: KINDS.anthropic.settings.extend(secretArnShape),
  define: (scope, name, { kind, secretArn, ...options }) =>
    anthropic(omitUndefined({ ...options, secret: importSecret(scope, name, secretArn) })),
});
