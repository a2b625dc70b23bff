import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import {
  cloudFormationService,
  deployedStacks,
} from '../../../local/services/cloudFormationService.ts';
import { type Gateway, startGateway } from '../../../local/services/gateway.ts';
import { localAccount } from '../../../local/template/account.ts';
import { templateSchema } from '../../../local/template/assembly.ts';
import { cloudFormationClient } from '../../../shared/aws/clients/operator.ts';
import { discoverHandler } from '../../../shared/client/awsConnection.ts';
import { createClient } from '../../../shared/client/createClient.ts';
import { localStack } from '../../../shared/client/index.ts';
import { METADATA_KEY } from '../../../shared/handlerMetadata.ts';
import { settingsOf } from '../../../shared/operations/settings.ts';
import { clientSettings } from '../../support/emulators.ts';
import { newApp, newHandler, newProcessor } from '../../support/handlerStack.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway(0);
});
afterAll(() => gateway.stop());

/**
 * CloudFormation with one stack, which holds handlers with these ids.
 *
 * @param change what to write as the settings in place of the construct's
 */
function deploy(ids: string, change: (settings: object) => unknown = JSON.stringify): void {
  const stack = new Stack(newApp(), 'Test');
  new sqs.Queue(stack, 'Other');
  for (const id of ids.split(' ').filter(Boolean))
    newHandler(stack, { id, processor: newProcessor(new Construct(stack, `For${id}`)) });
  const template = templateSchema.parse(Template.fromStack(stack).toJSON());
  for (const handler of Object.values(template.Metadata[METADATA_KEY] ?? {}))
    handler.settings = change(JSON.parse(handler.settings));
  const account = localAccount('Test', gateway.url);
  const assembly = { stackName: 'Test', template, assetDirectories: new Map(), others: [] };
  const cloudformation = cloudFormationService(deployedStacks(assembly, account, Date.now()));
  gateway.route({ services: { cloudformation }, upstreams: {} });
}

const discover = (stack: string, path?: string) =>
  discoverHandler(cloudFormationClient(clientSettings(gateway.url)), stack, path);

test('the one handler of a stack is found by the name of the stack', async () => {
  deploy('Batches');

  const handler = await discover('Test');

  expect(handler.path).toBe('Test/Batches');
  expect(handler.providers).toEqual(['openai']);
  expect(settingsOf({ name: 'Test', ...handler }).providers.openai?.kind).toBe('openai');
  expect(handler.resources.table).toMatch(/^Test-BatchesTable/);
  expect(handler.resources.batchQueue).toMatch(/^http:.*\/Test-BatchesBatchQueue/);
  expect(handler.secrets.openai).toMatch(/^arn:aws:secretsmanager:.*Secretopenai/);
});

test('one of several handlers is named by its path', async () => {
  deploy('A B');

  expect((await discover('Test', 'Test/B')).resources.table).toMatch(/^Test-BTable/);
  await expect(discover('Test')).rejects.toMatchObject({
    code: 'several_handlers',
    message: 'stack Test has 2 handlers: name one of Test/A, Test/B',
  });
  await expect(discover('Test', 'C')).rejects.toMatchObject({
    code: 'unknown_handler',
    message: 'stack Test has no handler C: use one of Test/A, Test/B',
  });
});

test('an unknown stack and one without a handler are named in the error', async () => {
  deploy('');

  await expect(discover('Test')).rejects.toMatchObject({ code: 'no_handler' });
  await expect(discover('Nobody')).rejects.toMatchObject({
    code: 'unknown_stack',
    message: 'there is no stack Nobody in this account and region',
  });
});

test('a handler with settings of another version is still found', async () => {
  deploy('Batches', (settings) => JSON.stringify({ ...settings, later: 'setting' }));

  const handler = await discover('Test');

  expect(handler.providers).toEqual(['openai']);
  expect(() => settingsOf({ name: 'Test', ...handler })).toThrow(
    /Test was set up by another version.*later/,
  );
});

test('a handler is found whose settings are an object, as in version 0.1', async () => {
  deploy('Batches', (settings) => settings);

  expect(settingsOf({ name: 'Test', ...(await discover('Test')) }).providers.openai?.kind).toBe(
    'openai',
  );
});

test('a local stack is found by its directory, as long as its process lives', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'local-stack-'));
  const write = (pid: number) =>
    writeFileSync(
      join(directory, 'stack.json'),
      JSON.stringify({ endpointUrl: 'http://127.0.0.1:1', stackName: 'Mine', pid }),
    );

  await expect(localStack(directory)).rejects.toThrow(
    `no local stack runs in ${directory}: start one with npm start -- --keep, or name the directory of one that runs with --local DIRECTORY`,
  );
  write(process.pid);
  expect(await localStack(directory)).toMatchObject({
    stack: 'Mine',
    endpoint: 'http://127.0.0.1:1',
  });
  // Above the highest process id that Linux gives.
  write(2 ** 22 + 1);
  await expect(localStack(directory)).rejects.toMatchObject({ code: 'local_stack_not_running' });
});

test('a client without options is of the stack and the region of the environment', async () => {
  deploy('Batches');
  vi.stubEnv('AWS_ENDPOINT_URL', gateway.url);
  vi.stubEnv('AWS_CONFIG_FILE', '/dev/null');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  vi.stubEnv('AWS_REGION', undefined);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });

  await expect(createClient()).rejects.toMatchObject({
    name: 'ClientError',
    code: 'no_region',
    message:
      'no AWS region: pass one as region, or set AWS_REGION (AWS_DEFAULT_REGION is not read)',
  });
  vi.stubEnv('AWS_REGION', 'us-east-1');
  await expect(createClient()).rejects.toThrow('there is no stack BatchHandler in this account');
  vi.stubEnv('BATCH_HANDLER_STACK', 'Test');
  await expect(createClient()).resolves.toMatchObject({
    handler: { name: 'Test' },
    connection: { aws: { stack: 'Test', path: 'Test/Batches' } },
  });
});
