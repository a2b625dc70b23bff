import type { ModelInvocationType } from '@aws-sdk/client-bedrock';
import type { SettingsOf } from '../../providerSettings.ts';
import { modelAt } from '../models.ts';
import type { JobContext } from '../provider.ts';
import { type Family, familyOf } from './models.ts';
import { type BedrockOptions, nativeInput } from './native.ts';
import { type Translation, translationOf } from './translations.ts';

/** How the requests of one job become Bedrock's, and its answers ours. */
export interface Route {
  /** The model's id or ARN at Bedrock. */
  readonly modelId: string;
  readonly family: Family;
  readonly invocationType: ModelInvocationType;
  /** Throws RefusedError naming the field that the model cannot express. */
  modelInput(body: Readonly<Record<string, unknown>>): Record<string, unknown>;
  /** The body of the response. Throws Error for an answer that is of no use. */
  responseBody(modelOutput: unknown, facts: AnswerFacts): unknown;
}

interface AnswerFacts {
  readonly recordId: string;
  /** Seconds since 1970. */
  readonly created: number;
}

type RouteSettings = Pick<SettingsOf<'bedrock'>, 'models' | 'dropFields'>;

/** @throws RefusedError for a model that cannot do what the endpoint asks for */
export function routeOf(
  { models, dropFields }: RouteSettings,
  {
    endpoint,
    model,
    format,
    options,
  }: Pick<JobContext, 'endpoint' | 'model' | 'format' | 'options'>,
): Route {
  const modelId = modelAt(models, model);
  const family = familyOf(modelId);
  if (format === 'native') {
    const { modelInvocationType: invocationType = 'InvokeModel' } = options as BedrockOptions;
    const responseBody = (modelOutput: unknown) => modelOutput;
    return { modelId, family, invocationType, modelInput: nativeInput, responseBody };
  }
  const translation: Translation = translationOf({ endpoint, family, model, modelId, dropFields });
  return { modelId, family, ...translation };
}
