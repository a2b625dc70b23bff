import { InvokeCommand } from '@aws-sdk/client-lambda';
import { expect, test } from 'vitest';
import {
  createAsyncInvoker,
  type InvokeConfig,
  openInvocationQueue,
} from '../../../local/lambda/asyncInvoker.ts';
import { indexFunctions } from '../../../local/lambda/functions.ts';
import type { InvocationResult } from '../../../local/lambda/protocol.ts';
import type { RunningStack } from '../../../local/stack.ts';
import { eventually } from '../fixtures/eventually.ts';
import { bodiesIn, lambdaClient } from '../fixtures/toyAccess.ts';
import { startToyStack, temporaryDirectory } from '../fixtures/toyStack.ts';

const ARN = 'arn:aws:lambda:us-east-1:000000000000:function:Toy-Worker';

async function outcomeOf(stack: RunningStack, event: object): Promise<unknown> {
  const { StatusCode: status } = await lambdaClient(stack).send(
    new InvokeCommand({
      FunctionName: 'Toy-Worker',
      InvocationType: 'Event',
      Payload: JSON.stringify(event),
    }),
  );
  expect(status).toBe(202);
  const bodies = await eventually(
    () => bodiesIn(stack, 'Outcomes'),
    ({ length }) => length > 0,
  );
  return JSON.parse(bodies[0] ?? 'null');
}

test('a success is told to its destination, with what the function returned', async () => {
  const stack = await startToyStack();

  const record = await outcomeOf(stack, { does: 'return' });

  expect(record).toEqual({
    version: '1.0',
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    requestContext: {
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      functionArn: `${ARN}:$LATEST`,
      condition: 'Success',
      approximateInvokeCount: 1,
    },
    requestPayload: { does: 'return' },
    responseContext: { statusCode: 200, executedVersion: '$LATEST' },
    responsePayload: expect.objectContaining({ name: 'Toy-Worker' }),
  });
});

test.each([
  ['throw', 'RangeError'],
  ['hang', 'Sandbox.Timedout'],
])('a function that does "%s" is told to its destination as a failure', async (does, errorType) => {
  const stack = await startToyStack();

  const record = await outcomeOf(stack, { does });

  expect(record).toMatchObject({
    requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 1 },
    requestPayload: { does },
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    responsePayload: { errorType },
  });
});

/** An invoker of one function whose invocations end as told, in order, the last repeating. */
function invokerOf(results: readonly Partial<InvocationResult>[], config: Partial<InvokeConfig>) {
  let invocations = 0;
  const lambda = {
    name: 'worker',
    arn: ARN,
    environment: {},
    stop: async () => {},
    async invoke() {
      const result = results[Math.min(invocations, results.length - 1)];
      invocations += 1;
      return { requestId: '', payload: 'null', ...result };
    },
  };
  const functions = indexFunctions([lambda]);
  const queue = openInvocationQueue(temporaryDirectory());
  const sent: { queueArn: string; body: string }[] = [];
  const invoker = createAsyncInvoker({
    functions,
    queue,
    timeScale: 0,
    configOf: () => ({
      maximumRetryAttempts: 2,
      maximumEventAgeSeconds: 60,
      onSuccess: 'success',
      onFailure: 'failure',
      ...config,
    }),
    send: async (queueArn, body) => {
      sent.push({ queueArn, body });
    },
  });
  const target = { lambda, qualifier: '$LATEST', arn: ARN };
  return { invoker, queue, sent, target, invocationCount: () => invocations };
}

test('a failure is tried again as often as the settings say', async () => {
  const failing = invokerOf([{ functionError: 'Unhandled', payload: '{}' }], {});

  failing.invoker.accept(failing.target, '{}');

  await eventually(
    () => failing.queue.list().length,
    (left) => left === 0,
  );
  expect(failing.invocationCount()).toBe(3);
  expect(failing.sent.map(({ queueArn }) => queueArn)).toEqual(['failure']);
  expect(JSON.parse(failing.sent[0]?.body ?? '').requestContext).toMatchObject({
    condition: 'RetriesExhausted',
    approximateInvokeCount: 3,
  });
});

test('a run that was killed goes on with what it had accepted', async () => {
  const { invoker, queue, sent, target } = invokerOf([{}], {});
  const invocation = {
    requestId: 'accepted-earlier',
    functionName: target.lambda.name,
    qualifier: '$LATEST',
    payload: '{"from":"before"}',
    acceptedAt: Date.now(),
    attempts: 0,
  };
  queue.save(invocation);

  invoker.resume();

  await eventually(
    () => queue.list().length,
    (left) => left === 0,
  );
  expect(JSON.parse(sent[0]?.body ?? '')).toMatchObject({
    requestContext: { requestId: 'accepted-earlier', condition: 'Success' },
    requestPayload: { from: 'before' },
  });
});

test('an event that has become too old is not run', async () => {
  const { invoker, queue, sent, target, invocationCount } = invokerOf([{}], {});
  queue.save({
    requestId: 'old',
    functionName: target.lambda.name,
    qualifier: '$LATEST',
    payload: '{}',
    acceptedAt: Date.now() - 61_000,
    attempts: 0,
  });

  invoker.resume();

  await eventually(
    () => queue.list().length,
    (left) => left === 0,
  );
  expect(invocationCount()).toBe(0);
  const record = JSON.parse(sent[0]?.body ?? '');
  expect(record.requestContext.condition).toBe('EventAgeExceeded');
  expect(record).not.toHaveProperty('responseContext');
});

test('an invocation that ends because the run stops stays for the next run', async () => {
  const killed = Promise.withResolvers<InvocationResult>();
  const { invoker, queue, sent, target } = invokerOf([{}], { maximumRetryAttempts: 0 });
  const begun = Promise.withResolvers<void>();
  target.lambda.invoke = () => {
    begun.resolve();
    return killed.promise;
  };

  invoker.accept(target, '{}');
  await begun.promise;
  invoker.stop();
  killed.resolve({ requestId: '', payload: '{}', functionError: 'Unhandled' });
  await killed.promise;
  await new Promise(setImmediate);

  expect(sent).toEqual([]);
  expect(queue.list()).toHaveLength(1);
});
