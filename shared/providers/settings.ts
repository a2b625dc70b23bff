import * as z from 'zod';
import { moneySchema, priceTableSchema } from '../batch/cost.ts';
import { refusal } from '../batch/errors.ts';
import { limitsSchema, timingSchema } from '../batch/job.ts';

/** What one model takes and another of the same family refuses. */
const factsSchema = z.strictObject({
  /** The values of `reasoning_effort` that it takes. */
  reasoningEfforts: z.array(z.string().min(1)),
  /** Whether it takes `temperature` and `top_p`, and the penalties where its family has them. */
  sampling: z.boolean(),
  /** Whether a conversation may end with a message of the assistant, which the model goes on with. */
  prefill: z.boolean(),
  /** Whether it takes JSON schemas that its answers, and the arguments of strict tools, must fit. */
  schemas: z.boolean(),
  /** The `max_tokens` of a request that sets none, where the provider requires one. */
  maxTokens: z.int().positive(),
});
export type ModelFacts = Readonly<z.infer<typeof factsSchema>>;

/** An entry's `modelFacts`. */
export const modelFactsSchema = z.record(z.string().min(1), factsSchema.partial());
export type ModelFactsByName = Readonly<z.infer<typeof modelFactsSchema>>;

/** What an entry of every kind may say. */
export const commonSettings = {
  /** Limits that differ from the provider's published ones. */
  limits: limitsSchema.partial().default({}),
  /** How long jobs may take, where that differs from what the provider documents. */
  timing: timingSchema.optional(),
  /**
   * The provider's name for a request's model, by the name that requests use; `*` stands for every
   * name that is not in the map. Default: the request's own name.
   */
  models: z.record(z.string().min(1), z.string().min(1)).default({}),
  /**
   * Fields of requests that are left out where this provider cannot express them, such as `seed`.
   * The inspection refuses any other such field.
   */
  dropFields: z.array(z.string().min(1)).default([]),
  /**
   * Facts about models that differ from the handler's own table, by the provider's name for a model,
   * else by the one that requests use; `*` stands for every other model.
   */
  modelFacts: modelFactsSchema.optional(),
  /**
   * The provider's list prices, in USD per million tokens, by the name that requests use for a
   * model, else by the provider's own; `*` stands for every other model. `builtin`, for one model or
   * in place of the whole table, is the price in the list that comes with the handler. Without a
   * price, the cost of a batch is unknown.
   */
  prices: priceTableSchema.optional(),
  /** What batches get off the list prices, from 0 to 1. Default: what the provider states, or 0. */
  batchDiscount: z.number().min(0).max(1).optional(),
  /** USD per UTC day; a batch that would exceed it waits for the next day. Default: no limit. */
  dailyBudget: moneySchema.optional(),
};

/** An entry's settings. The literal `kind` names the kind of provider. */
export type SettingsSchema = z.ZodObject<typeof commonSettings & { kind: z.ZodLiteral<string> }>;

/** The settings by which requests are translated. */
export interface RequestSettings {
  readonly models: Readonly<Record<string, string>>;
  readonly dropFields: readonly string[];
  readonly modelFacts?: ModelFactsByName | undefined;
}

/** The provider's name for a model, by the entry's `models`. */
export function modelAt(models: RequestSettings['models'], model: string): string {
  const named = Object.hasOwn(models, model) ? models[model] : models['*'];
  return named ?? model;
}

/**
 * The model of requests that name none: what `models` names for every model, unless it has another
 * name for that one.
 */
export function defaultModelOf(models: RequestSettings['models']): string | undefined {
  const model = models['*'];
  return model !== undefined && modelAt(models, model) === model ? model : undefined;
}

/** Accepts any URL: `baseUrlProblem` decides where it is used, and that error names the entry. */
export const baseUrlSchema = z.url();

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Says why a base URL must not be used: over plain http, the key in every request would travel in
 * the clear. Simulators on the same machine may use http.
 *
 * @returns undefined if it may be used
 */
export function baseUrlProblem(baseUrl: string): string | undefined {
  const url = URL.parse(baseUrl);
  // Error texts and the stack's template show it.
  if (url?.username || url?.password) return 'it must not have a user or a password';
  if (url?.protocol === 'https:') return undefined;
  if (url?.protocol === 'http:' && LOOPBACK.test(url.hostname)) return undefined;
  return 'it must be an https URL, since the key travels with every request, or http on localhost';
}

/** A base URL for error texts. */
export function shownBaseUrl(baseUrl: string): string {
  return baseUrl.replace(/\/\/[^/]*@/, '//…@');
}

/** @throws RefusedError naming an option, for a provider whose jobs have none */
export function refuseOptions(provider: string, options: Readonly<Record<string, unknown>>): void {
  const [name] = Object.keys(options);
  if (name === undefined) return;
  throw refusal('option_refused', `options.${name}: ${provider} jobs take no options`);
}

/** What a secret holds until somebody fills it in. */
export const SECRET_PLACEHOLDER = 'FILL-ME';

/** Whether somebody has filled in a secret. */
export function isFilled(secret: string | undefined): boolean {
  const text = secret?.trim() ?? '';
  return text !== '' && text !== SECRET_PLACEHOLDER;
}
