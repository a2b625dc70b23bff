import { lines } from '../jsonl/lines.ts';
import { isObject, tryParseJson } from '../jsonl/rows.ts';
import { ApiError } from './apiError.ts';
import { allowedEntries } from './models.ts';
import type { Caller, HttpPorts } from './ports.ts';

/** Of a longer first line, the model is not read. Few requests are longer, and none has to be. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

/** In the metadata of a batch: names its provider entry, for clients that send no further fields. */
export const PROVIDER_METADATA = 'batch-handler-provider';

/** The entry that a request names, and the field in which it does. */
export interface NamedProvider {
  readonly name: string;
  readonly param: string;
}

/**
 * The provider entry of a new batch: the one that the request names; else the first whose `models`
 * names the model of the file's first request; else the first. Only entries that the caller may use.
 *
 * @throws ApiError 400 naming the entries that are allowed, 403 if there are none
 */
export async function chooseProvider(
  { providers, objects }: Pick<HttpPorts, 'providers' | 'objects'>,
  caller: Caller,
  {
    named,
    input,
  }: {
    readonly named: NamedProvider | undefined;
    readonly input: { readonly key: string; readonly bytes: number };
  },
): Promise<string> {
  const allowed = allowedEntries(providers, caller);
  const [usual] = allowed;
  if (usual === undefined)
    throw new ApiError(403, 'This key may use none of the provider entries of the handler');
  if (named !== undefined) {
    const { name, param } = named;
    if (allowed.includes(name)) return name;
    const shown = JSON.stringify(name.slice(0, 100));
    const message = `${param} is ${shown}: use one of ${allowed.join(', ')}`;
    throw new ApiError(400, message, { code: 'unknown_provider', param });
  }
  if (allowed.length === 1) return usual;
  const model = await firstModel(objects, input);
  for (const name of allowed) {
    const { models = [] } = await providers.describe(name);
    if (model !== undefined && models.includes(model)) return name;
  }
  return usual;
}

/** The model of a file's first request; undefined if it cannot be told. The inspection reads it all. */
async function firstModel(
  objects: HttpPorts['objects'],
  { key, bytes }: { readonly key: string; readonly bytes: number },
): Promise<string | undefined> {
  const range = { start: 0, end: Math.min(bytes, MAX_LINE_BYTES) };
  for await (const line of lines(objects.read(key, range))) {
    const request = tryParseJson(line.bytes.toString());
    const body = isObject(request) ? request.body : undefined;
    return isObject(body) && typeof body.model === 'string' ? body.model : undefined;
  }
  return undefined;
}
