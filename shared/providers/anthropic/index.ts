import { ProviderError } from '../../batch/errors.ts';
import { referenceOf } from '../../jsonl/rows.ts';
import { credentialOf } from '../http.ts';
import type { Provider, ProviderEntry } from '../provider.ts';
import { type AnthropicConnection, PUBLIC_BASE_URL, readClient, writeClient } from './api.ts';
import { type AnthropicSettings, describeAnthropic } from './description.ts';
import { cancel, check, deleteFiles, endedKeys, listJobs, listStates } from './jobs.ts';
import { readRows } from './rows.ts';
import { submit } from './submit.ts';

/** Connects to Anthropic's Message Batches API. */
export async function connectAnthropic(entry: ProviderEntry<AnthropicSettings>): Promise<Provider> {
  const { settings, limits } = entry;
  const connection = settings.aws ? await atAws(entry, settings.aws) : await withKey(entry);
  const reads = readClient(connection);
  const writes = writeClient(connection);
  const keys = endedKeys(reads);
  return {
    ...(await describeAnthropic(settings)),
    limits,
    referenceOf,
    submit: (submission) => submit(writes, submission, settings),
    check: (jobId) => check(reads, jobId),
    cancel: (jobId) => cancel(reads, jobId),
    listJobs: (since, position) => listJobs(reads, keys, since, position),
    listStates: () => listStates(reads),
    listStatesAfter: (jobId) => listStates(reads, jobId),
    readRows: (outcome, job) => readRows(reads, outcome, job),
    deleteFiles: (jobId) => deleteFiles(reads, jobId),
    // The create call contains the requests: a submission without a job left nothing behind.
    deleteLeftovers: () => Promise.resolve(),
  };
}

type Entry = ProviderEntry<AnthropicSettings>;

async function withKey({ entry, baseUrl = PUBLIC_BASE_URL, secret }: Entry) {
  const apiKey = credentialOf(entry, await secret());
  return { baseUrl, apiKey, headers: {}, prepared: (send: typeof fetch) => send };
}

async function atAws(
  { entry, baseUrl }: Entry,
  { workspaceId, region = process.env.AWS_REGION }: NonNullable<AnthropicSettings['aws']>,
): Promise<AnthropicConnection> {
  if (region === undefined)
    throw new ProviderError('account', {
      code: 'region_missing',
      message: `provider ${entry} has no aws.region, and the environment no AWS_REGION: name the workspace's region`,
    });
  const { awsBaseUrl, signingFor } = await import('./aws.ts');
  return {
    baseUrl: baseUrl ?? awsBaseUrl(region),
    apiKey: null,
    // The signature is added later: the SDK would refuse to send a call without credentials.
    headers: { 'anthropic-workspace-id': workspaceId, authorization: null },
    prepared: signingFor(region),
  };
}
