import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENVIRONMENT, SETTINGS_FILE } from '../shared/config.ts';
import { invalidText } from '../shared/invalid/text.ts';
import { omitUndefined } from '../shared/omitUndefined.ts';
import { type Settings, settingsSchema } from '../shared/settings.ts';
import type { LocalProviders } from './providers.ts';
import type { FunctionResource, StackResources } from './template/resources.ts';

/** The provider entries in the settings of a stack. A stack without a handler has none. */
export function providerEntries(functions: readonly FunctionResource[]): Settings['providers'] {
  const files = functions.map(({ directory }) => join(directory, SETTINGS_FILE));
  const file = files.find((path) => existsSync(path));
  if (file === undefined) return {};
  const input: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const parsed = settingsSchema.safeParse(input);
  if (parsed.success) return parsed.data.providers;
  throw new Error(`${file}: ${invalidText(parsed.error, { input, schema: settingsSchema })}`);
}

/**
 * The webhook URL of each entry that takes webhooks. They belong to the function that has the
 * signing secrets.
 */
export function webhookUrls({
  functions,
  functionUrls,
}: Pick<StackResources, 'functions' | 'functionUrls'>): ReadonlyMap<string, string> {
  const urls = functionUrls.flatMap(({ functionArn, url }) => {
    const target = functions.find(({ arn }) => arn === functionArn);
    const entries = Object.keys(arnsIn(target, ENVIRONMENT.webhookSecrets));
    return entries.map((entry) => [entry, `${url}${entry}`] as const);
  });
  return new Map(urls);
}

/** The base URL of the HTTP API, if the stack has one. The only other URL of a handler is that of webhooks. */
export function apiUrl({
  functions,
  functionUrls,
}: Pick<StackResources, 'functions' | 'functionUrls'>): string | undefined {
  const ofHandler = functions.filter(({ directory }) => existsSync(join(directory, SETTINGS_FILE)));
  const api = functionUrls.find(({ functionArn }) => {
    const target = ofHandler.find(({ arn }) => arn === functionArn);
    return target !== undefined && !(ENVIRONMENT.webhookSecrets in target.environment);
  });
  return api && `${api.url}v1`;
}

/** The content of the stack's secrets, by their ARNs or names, as the functions have them. */
export function secretValues(
  functions: readonly FunctionResource[],
  { secrets, webhookSecrets }: Pick<LocalProviders, 'secrets' | 'webhookSecrets'>,
): ReadonlyMap<string, string> {
  const kinds = [
    [ENVIRONMENT.secrets, secrets],
    [ENVIRONMENT.webhookSecrets, webhookSecrets],
  ] as const;
  const found = functions.flatMap((reader) =>
    kinds.flatMap(([variable, values]) =>
      Object.entries(arnsIn(reader, variable)).map(
        ([entry, arn]) => [arn, values.get(entry) ?? ''] as const,
      ),
    ),
  );
  return new Map(found);
}

function arnsIn(reader: FunctionResource | undefined, variable: string): Record<string, string> {
  return JSON.parse(reader?.environment[variable] ?? '{}');
}

/** The names of the handler's resources that a user of the stack needs. */
export interface HandlerNames {
  readonly table: string;
  readonly bucket: string;
  /** What the keys of its objects begin with; may be empty. */
  readonly bucketPrefix: string;
  /** The name of the queue, not its URL. */
  readonly batchQueue: string;
  readonly deadLetterQueue: string;
}

/** Which of the handler's resources the stack has: it has none that a replaced port makes needless. */
export function knownHandlerNames({
  functions,
}: Pick<StackResources, 'functions'>): Partial<HandlerNames> {
  const find = (variable: string) =>
    functions.map(({ environment }) => environment[variable]).find((value) => value !== undefined);
  return omitUndefined({
    table: find(ENVIRONMENT.table),
    bucket: find(ENVIRONMENT.bucket),
    bucketPrefix: find(ENVIRONMENT.bucketPrefix),
    batchQueue: nameOfQueue(find(ENVIRONMENT.batchQueue)),
    deadLetterQueue: nameOfQueue(find(ENVIRONMENT.deadLetterQueue)),
  });
}

/** Names of the ports that the stack has replaced. */
export function replacedPorts({ functions }: Pick<StackResources, 'functions'>): readonly string[] {
  const lists = functions.map(({ environment }) => environment[ENVIRONMENT.replacedPorts] ?? '');
  return [...new Set(lists.flatMap((list) => list.split(',')))].filter((name) => name !== '');
}

/** Finds the handler's resources in the environment variables of its functions. */
export function findHandlerNames({ functions }: Pick<StackResources, 'functions'>): HandlerNames {
  const known = knownHandlerNames({ functions });
  const nameOf = (name: keyof HandlerNames, variable: string): string => {
    const found = known[name];
    if (found !== undefined) return found;
    throw new Error(`no function of the stack has ${variable}: this is not a Batch Handler stack`);
  };
  return {
    table: nameOf('table', ENVIRONMENT.table),
    bucket: nameOf('bucket', ENVIRONMENT.bucket),
    bucketPrefix: known.bucketPrefix ?? '',
    batchQueue: nameOf('batchQueue', ENVIRONMENT.batchQueue),
    deadLetterQueue: nameOf('deadLetterQueue', ENVIRONMENT.deadLetterQueue),
  };
}

function nameOfQueue(url: string | undefined): string | undefined {
  return url?.slice(url.lastIndexOf('/') + 1);
}
