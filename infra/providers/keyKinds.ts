import type { Construct } from 'constructs';
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

/** Kinds that need nothing but a key. */
type KeyKind = 'gemini' | 'mistral' | 'together' | 'xai';

/** Options of `LlmProvider.gemini`. */
export interface GeminiOptions extends KeyOptions {}

/** Options of `LlmProvider.mistral`. */
export interface MistralOptions extends KeyOptions {}

/** Options of `LlmProvider.xai`. */
export interface XaiOptions extends KeyOptions {}

/** Options of `LlmProvider.together`. */
export interface TogetherOptions extends KeyOptions {}

/** A provider whose API takes a key, and that needs nothing else. */
export function keyProvider(
  kind: KeyKind,
  { secret, ...settings }: KeyOptions,
): ProviderDefinition {
  return defineProvider({ kind, ...settings }, secretAccess(secret, API_KEY));
}

/** An entry of cdk.json. */
type KeyEntry = {
  readonly [K in keyof Omit<KeyOptions, 'secret'>]?: KeyOptions[K] | undefined;
} & { readonly kind: KeyKind; readonly secretArn?: string | undefined };

function define(scope: Construct, name: string, { kind, secretArn, ...options }: KeyEntry) {
  const secret = importSecret(scope, name, secretArn);
  return keyProvider(kind, omitUndefined({ ...options, secret }));
}

export const geminiKind = contextKind({
  schema: KINDS.gemini.settings.extend(secretArnShape),
  define,
});

export const mistralKind = contextKind({
  schema: KINDS.mistral.settings.extend(secretArnShape),
  define,
});

export const xaiKind = contextKind({
  schema: KINDS.xai.settings.extend(secretArnShape),
  define,
});

export const togetherKind = contextKind({
  schema: KINDS.together.settings.extend(secretArnShape),
  define,
});
