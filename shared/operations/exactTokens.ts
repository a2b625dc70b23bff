import { createReadStream } from 'node:fs';
import * as z from 'zod';
import type { Format } from '../batch/messages.ts';
import { ClientError } from '../client/clientError.ts';
import { checkRequest } from '../jsonl/checkRequest.ts';
import { lines } from '../jsonl/lines.ts';
import type { ProviderSettings, SettingsOf } from '../providers/kinds.ts';
import { EMBEDDINGS, type RequestToCheck } from '../providers/provider.ts';
import { defaultModelOf } from '../providers/settings.ts';
import { inLanes } from '../usecases/sweep/lanes.ts';

/** Requests that are counted at the same time. */
const LANES = 8;
/** Each request takes a call, and the providers limit those per minute. */
export const MAX_COUNTED_REQUESTS = 10_000;

/** Counts the tokens of one prompt as its provider does. */
type CountTokens = (request: RequestToCheck) => Promise<number>;

type Environment = Readonly<Record<string, string | undefined>>;

export interface CountedInput {
  readonly path: string;
  readonly entry: string;
  readonly settings: ProviderSettings;
  readonly format: Format;
  /** Requests in the file, which has passed the inspection. */
  readonly requests: number;
  /** Has the key of the provider. */
  readonly environment: Environment;
}

/**
 * Has a provider count the tokens of a file's prompts, which costs nothing there.
 *
 * @returns the tokens of all prompts
 * @throws ClientError if the entry's kind cannot count, if there is no key in the environment, if the
 *   file has more than 10,000 requests, or if the provider refuses a call
 */
export async function countTokens(input: CountedInput): Promise<number> {
  const { path, entry, settings, format, requests } = input;
  if (requests > MAX_COUNTED_REQUESTS)
    throw invalid(
      `--exact takes a call for each request, and the file has ${requests}: count a sample of at most ${MAX_COUNTED_REQUESTS}`,
    );
  const count = await counterOf(input);
  const defaultModel = defaultModelOf(settings.models);
  let total = 0;
  const source = createReadStream(path);
  try {
    await inLanes(lines(source), LANES, async ({ bytes, number }) => {
      const request = checkRequest({ bytes }, defaultModel);
      if ('code' in request) throw invalid(`line ${number} ${request.message}`);
      try {
        const tokens = await count(request);
        total += tokens;
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new ClientError('not_possible', `${entry} did not count line ${number}: ${why}`, {
          cause: error,
        });
      }
    });
  } finally {
    source.destroy();
  }
  return total;

  function counterOf({ environment }: CountedInput): Promise<CountTokens> {
    switch (settings.kind) {
      case 'anthropic':
        return ofAnthropic(settings, format, keyIn(environment, 'ANTHROPIC_API_KEY'));
      case 'gemini':
        return ofGemini(settings, format, keyIn(environment, 'GEMINI_API_KEY'));
      case 'vertex-ai':
        return ofVertex(settings, format);
      default:
        throw invalid(
          `--exact is for anthropic, gemini and vertex-ai: ${settings.kind} has no call that counts tokens`,
        );
    }
  }
}

function invalid(message: string): ClientError {
  return new ClientError('invalid_input', message);
}

function keyIn(environment: Environment, name: string): string {
  const key = environment[name];
  if (key) return key;
  throw invalid(`--exact needs a key of the provider's: put one into ${name}`);
}

/** `MessageCountTokensParams` of the SDK: what else a request has is about its answer. */
const COUNTED_BY_ANTHROPIC = [
  ...['messages', 'model', 'cache_control', 'output_config', 'system'],
  ...['thinking', 'tool_choice', 'tools'],
];

async function ofAnthropic(
  settings: SettingsOf<'anthropic'>,
  format: Format,
  apiKey: string,
): Promise<CountTokens> {
  const { PUBLIC_BASE_URL, readClient } = await import('../providers/anthropic/api.ts');
  const { paramsOf } = await import('../providers/anthropic/requests.ts');
  const { baseUrl = PUBLIC_BASE_URL } = settings;
  const client = readClient({ baseUrl, apiKey, headers: {}, prepared: (send) => send });
  return async (request) => {
    const counted = Object.entries(paramsOf(request, format, settings)).filter(([name]) =>
      COUNTED_BY_ANTHROPIC.includes(name),
    );
    const params = Object.fromEntries(counted) as unknown;
    type Params = Parameters<typeof client.messages.countTokens>[0];
    return (await client.messages.countTokens(params as Params)).input_tokens;
  };
}

/** https://ai.google.dev/api/tokens#v1beta.models.countTokens */
const countedSchema = z.object({ totalTokens: z.int().nonnegative() });

async function ofGemini(
  settings: SettingsOf<'gemini'>,
  format: Format,
  apiKey: string,
): Promise<CountTokens> {
  const { connectClient, VERSION } = await import('../providers/gemini/api.ts');
  const { batchRequestOf, modelPathOf } = await import('../providers/gemini/requests.ts');
  const { modelAt } = await import('../providers/settings.ts');
  const { rest, url } = connectClient({ apiKey, baseUrl: settings.baseUrl });
  return async (request) => {
    const model = modelPathOf(modelAt(settings.models, request.model));
    const { content, ...body } = batchRequestOf(request, format, settings);
    const json =
      request.url === EMBEDDINGS
        ? { contents: [content] }
        : { generateContentRequest: { model, ...body } };
    const call = { method: 'POST', url: url(`/${VERSION}/${model}:countTokens`), json } as const;
    return countedSchema.parse(await rest.read(call)).totalTokens;
  };
}

/**
 * By Google's SDK for Vertex AI, with the credentials that Google's libraries find on this machine.
 * The SDK has no batches and is deprecated, so it is loaded here and in no function.
 */
async function ofVertex(settings: SettingsOf<'vertex-ai'>, format: Format): Promise<CountTokens> {
  const { project, location } = settings;
  if (location === 'global')
    throw invalid('--exact cannot count at location global: name a region, such as us-central1');
  const { VertexAI } = await import('@google-cloud/vertexai');
  const { routeOf } = await import('../providers/vertex/requests.ts');
  const { modelOf } = await import('../providers/vertex/model.ts');
  const { modelAt } = await import('../providers/settings.ts');
  const client = withoutWarnings(() => new VertexAI({ project, location }));
  // The request as it is. What an import from Cloud Storage changes costs no tokens.
  const plain = { ...settings, store: { type: 'bigquery' as const } };
  return async ({ url: endpoint, model: name, body }) => {
    const model = modelAt(settings.models, name);
    if (modelOf(model).family !== 'gemini')
      throw invalid(`--exact counts Gemini models at Vertex AI: ${model} is none`);
    const { request } = routeOf(plain, { endpoint, model: name, format }).line(body, 'r');
    const { contents, systemInstruction, tools } = { ...request };
    // The SDK's type has the contents alone, and it sends what it is given.
    const counted = { contents, systemInstruction, tools } as unknown;
    const generative = client.getGenerativeModel({ model });
    type Counted = Parameters<typeof generative.countTokens>[0];
    return countedSchema.parse(await generative.countTokens(counted as Counted)).totalTokens;
  };
}

/** The SDK's notice that it is deprecated would stand in the middle of the estimate. */
function withoutWarnings<T>(make: () => T): T {
  const { warn } = console;
  console.warn = () => undefined;
  try {
    return make();
  } finally {
    console.warn = warn;
  }
}
