import { CloudFormationClient, GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import { GetAccountSettingsCommand, GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { GetScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { expect, test } from 'vitest';
import { lambdaClient, sdkSettings } from '../fixtures/toyAccess.ts';
import { startToyStack } from '../fixtures/toyStack.ts';

test('what a stack is made of can be asked of the services that have it', async () => {
  // Prepare
  const stack = await startToyStack();
  const lambda = lambdaClient(stack);
  const scheduler = new SchedulerClient({ ...sdkSettings(stack), maxAttempts: 1 });
  const cloudFormation = new CloudFormationClient({ ...sdkSettings(stack), maxAttempts: 1 });
  const [worker] = stack.resources.functions;

  // Act
  const { AccountLimit: limits } = await lambda.send(new GetAccountSettingsCommand({}));
  const configuration = await lambda.send(
    new GetFunctionConfigurationCommand({ FunctionName: worker?.name }),
  );
  const schedule = await scheduler.send(
    new GetScheduleCommand({ Name: stack.resources.schedules[0]?.name }),
  );
  const { TemplateBody: body = '' } = await cloudFormation.send(
    new GetTemplateCommand({ StackName: 'Toy' }),
  );

  // Assess
  expect(limits?.UnreservedConcurrentExecutions).toBeGreaterThan(0);
  expect(configuration).toMatchObject({ State: 'Active', FunctionArn: worker?.arn });
  expect(configuration.Environment?.Variables).toMatchObject({ AWS_REGION: 'us-east-1' });
  expect(schedule).toMatchObject({ State: 'ENABLED', ScheduleExpression: 'rate(1 minute)' });
  expect(JSON.parse(body).Resources.Schedule.Type).toBe('AWS::Scheduler::Schedule');
});

test('what is not there is not found', async () => {
  const stack = await startToyStack();
  const scheduler = new SchedulerClient({ ...sdkSettings(stack), maxAttempts: 1 });
  const missing = { name: 'ResourceNotFoundException' };
  await expect(scheduler.send(new GetScheduleCommand({ Name: 'nothing' }))).rejects.toMatchObject(
    missing,
  );
  await expect(
    lambdaClient(stack).send(new GetFunctionConfigurationCommand({ FunctionName: 'nothing' })),
  ).rejects.toMatchObject(missing);
});
