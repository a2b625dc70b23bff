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

/** Options of `LlmProvider.gemini`. */
export interface GeminiOptions extends KeyOptions {}

export function gemini({ secret, ...settings }: GeminiOptions): ProviderDefinition {
  return defineProvider({ kind: 'gemini', ...settings }, secretAccess(secret, API_KEY));
}

export const geminiKind = contextKind({
  schema: KINDS.gemini.settings.extend(secretArnShape),
  define: (scope, name, { kind, secretArn, ...options }) =>
    gemini(omitUndefined({ ...options, secret: importSecret(scope, name, secretArn) })),
});
