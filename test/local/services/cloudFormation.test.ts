import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  GetTemplateSummaryCommand,
  ListStackResourcesCommand,
} from '@aws-sdk/client-cloudformation';
import { expect, test } from 'vitest';
import { LOCAL_STACK_FILE, localStackSchema } from '../../../shared/client/localStack.ts';
import { sdkSettings } from '../fixtures/toyAccess.ts';
import { startToyStack, temporaryDirectory } from '../fixtures/toyStack.ts';

test('the stack can be read as CloudFormation would tell of it', async () => {
  // Prepare
  const stack = await startToyStack();
  const client = new CloudFormationClient({ ...sdkSettings(stack), maxAttempts: 1 });

  // Act
  const { Stacks: stacks = [] } = await client.send(new DescribeStacksCommand({}));
  const { StackResourceSummaries: resources = [] } = await client.send(
    new ListStackResourcesCommand({ StackName: 'Toy' }),
  );

  // Assess
  expect(stacks.map(({ StackName: name }) => name)).toEqual(['Toy']);
  const physicalIds = new Map(
    resources.map(({ LogicalResourceId: id, PhysicalResourceId: name }) => [id, name]),
  );
  expect(physicalIds.get('Table')).toBe('Toy-Table');
  expect(physicalIds.get('Input')).toBe(`${stack.endpointUrl}/000000000000/Toy-Input`);
});

test('the metadata of the template comes back as it was written', async () => {
  const stack = await startToyStack();
  const client = new CloudFormationClient({ ...sdkSettings(stack), maxAttempts: 1 });

  const { Metadata: metadata = '' } = await client.send(
    new GetTemplateSummaryCommand({ StackName: 'Toy' }),
  );

  expect(JSON.parse(metadata)).toEqual({ note: 'less < and & more >' });
});

test('what CloudFormation would refuse is refused, and what is not known here too', async () => {
  const stack = await startToyStack();
  const client = new CloudFormationClient({ ...sdkSettings(stack), maxAttempts: 1 });
  const describe = client.send(new DescribeStacksCommand({ StackName: 'Nobody' }));
  await expect(describe).rejects.toMatchObject({
    name: 'ValidationError',
    message: 'Stack with id Nobody does not exist',
  });
  const create = client.send(new CreateStackCommand({ StackName: 'Toy' }));
  await expect(create).rejects.toThrow(
    /CreateStack is not supported in a local run, which supports GetTemplateSummary/,
  );
});

test('a running stack says in its directory where it is reached', async () => {
  const dataDirectory = temporaryDirectory();
  const file = join(dataDirectory, LOCAL_STACK_FILE);

  const { endpointUrl, stop } = await startToyStack({ dataDirectory });

  const told = localStackSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  expect(told).toEqual({ endpointUrl, stackName: 'Toy', pid: process.pid });
  await stop();
  expect(existsSync(file)).toBe(false);
});
