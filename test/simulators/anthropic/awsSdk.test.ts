import AnthropicAws from '@anthropic-ai/aws-sdk';
import { expect, test } from 'vitest';
import { requests, world } from './world.ts';

const WORKSPACE = {
  region: 'us-west-2',
  workspaceId: 'wrkspc_01abc',
  accessKeyId: 'AKIDOFATEST',
  secretAccessKey: 'secret/of+a+test',
};

async function clientWith(changes: Partial<ConstructorParameters<typeof AnthropicAws>[0]> = {}) {
  const here = await world({ aws: WORKSPACE });
  const client = new AnthropicAws({
    baseURL: here.simulator.url,
    awsRegion: WORKSPACE.region,
    awsAccessKey: WORKSPACE.accessKeyId,
    awsSecretAccessKey: WORKSPACE.secretAccessKey,
    workspaceId: WORKSPACE.workspaceId,
    maxRetries: 0,
    ...changes,
  });
  return { ...here, batches: client.messages.batches };
}

test('Anthropic’s own SDK for AWS drives a batch from create to delete', async () => {
  const { batches, pass } = await clientWith();
  const { id } = await batches.create({ requests: requests(2) as never });
  expect((await batches.retrieve(id)).processing_status).toBe('in_progress');
  expect((await batches.list({ limit: 1 })).data).toMatchObject([{ id }]);
  await pass(1);
  await pass(1);
  const rows = [];
  for await (const { result } of await batches.results(id)) rows.push(result.type);
  expect(rows).toEqual(['succeeded', 'succeeded']);
  expect(await batches.delete(id)).toEqual({ id, type: 'message_batch_deleted' });

  const other = await batches.create({ requests: requests(1) as never });
  expect((await batches.cancel(other.id)).processing_status).toBe('canceling');
});

test.each([
  ['another secret', { awsSecretAccessKey: 'another' }, 403, 'signature'],
  ['another key', { awsAccessKey: 'another' }, 403, 'security token'],
  ['another region', { awsRegion: 'eu-west-1' }, 403, 'should be scoped'],
  ['another workspace', { workspaceId: 'wrkspc_other' }, 404, 'no such workspace'],
  ['an API key', { apiKey: 'sk-ant-test' }, 401, 'Missing Authentication Token'],
])('%s is refused', async (_name, changes, status, message) => {
  const { batches } = await clientWith(changes);
  await expect(batches.list()).rejects.toMatchObject({
    status,
    message: expect.stringContaining(message),
  });
});
