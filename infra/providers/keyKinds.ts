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
  webhookShape,
} from './kind.ts';

/** Kinds that need nothing but a key. */
type KeyKind = 'gemini' | 'mistral' | 'together' | 'xai';

/** Options of `LlmProvider.gemini`. */
export interface GeminiOptions extends KeyOptions {
  /**
   * Whether the Gemini API notifies the handler by webhook when a job has ended, so that the handler
   * checks the job at once. Each job is created with a signed URL, and nothing has to be set up.
   *
   * @default false - the next sweep finds jobs that have ended
   */
  readonly webhook?: boolean;
}

/** Options of `LlmProvider.mistral`. */
export interface MistralOptions extends KeyOptions {}

/** Options of `LlmProvider.xai`. */
export interface XaiOptions extends KeyOptions {}

/** Options of `LlmProvider.together`. */
export interface TogetherOptions extends KeyOptions {}

/** A provider whose API takes a key, and that needs nothing else. */
export function keyProvider(
  kind: KeyKind,
  { secret, webhook, ...settings }: KeyOptions & Pick<GeminiOptions, 'webhook'>,
): ProviderDefinition {
  return defineProvider({ kind, ...settings }, secretAccess(secret, API_KEY), webhook);
}

/** An entry of cdk.json. */
type KeyEntry = {
  readonly [K in keyof Omit<KeyOptions, 'secret'>]?: KeyOptions[K] | undefined;
} & {
  readonly kind: KeyKind;
  readonly secretArn?: string | undefined;
  readonly webhook?: boolean | undefined;
};

function define(scope: Construct, name: string, { kind, secretArn, ...options }: KeyEntry) {
  const secret = importSecret(scope, name, secretArn);
  return keyProvider(kind, omitUndefined({ ...options, secret }));
}

export const geminiKind = contextKind({
  schema: KINDS.gemini.settings.extend({ ...secretArnShape, ...webhookShape }),
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
