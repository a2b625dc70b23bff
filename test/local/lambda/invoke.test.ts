import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { expect, test } from 'vitest';
import type { RunningStack } from '../../../local/stack.ts';
import { lambdaClient } from '../fixtures/toyAccess.ts';
import { startToyStack, temporaryDirectory } from '../fixtures/toyStack.ts';

async function invoke(stack: RunningStack, functionName: string, does: string) {
  const command = new InvokeCommand({
    FunctionName: functionName,
    Payload: JSON.stringify({ does }),
  });
  const { FunctionError: functionError, Payload: payload } =
    await lambdaClient(stack).send(command);
  return { functionError, answer: JSON.parse(payload?.transformToString() ?? 'null') };
}

test('a function runs in a process that is used again, with the context and settings of Lambda', async () => {
  // Prepare
  const stack = await startToyStack({ environment: { OPENAI_API_KEY: 'sk-of-the-shell' } });

  // Act
  const first = await invoke(stack, 'Toy-Worker', 'return');
  const second = await invoke(
    stack,
    'arn:aws:lambda:us-east-1:000000000000:function:Toy-Worker:live',
    'return',
  );

  // Assess
  expect(first.functionError).toBeUndefined();
  expect(first.answer).toMatchObject({
    invocations: 1,
    name: 'Toy-Worker',
    arn: 'arn:aws:lambda:us-east-1:000000000000:function:Toy-Worker',
  });
  expect(first.answer.remainingMs).toBeGreaterThan(0);
  expect(first.answer.remainingMs).toBeLessThanOrEqual(2000);
  expect(second.answer).toMatchObject({
    invocations: 2,
    pid: first.answer.pid,
    arn: 'arn:aws:lambda:us-east-1:000000000000:function:Toy-Worker:live',
  });
  const { environment } = first.answer;
  expect(environment).toMatchObject({
    STAGE: 'local',
    LABEL: 'in-us-east-1',
    TABLE_NAME: 'Toy-Table',
    AWS_ENDPOINT_URL_LAMBDA: stack.endpointUrl,
    AWS_LAMBDA_FUNCTION_NAME: 'Toy-Worker',
    TIME_SCALE: String(1 / 60),
  });
  expect(Object.values(environment)).not.toContain('sk-of-the-shell');
});

test('a function is killed at its timeout and the next invocation gets a new process', async () => {
  const dataDirectory = temporaryDirectory();
  const stack = await startToyStack({ dataDirectory });
  const before = await invoke(stack, 'Toy-Worker', 'return');

  const hung = await invoke(stack, 'Toy-Worker', 'hang');
  const after = await invoke(stack, 'Toy-Worker', 'return');

  expect(hung).toEqual({
    functionError: 'Unhandled',
    answer: { errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out after 2 seconds' },
  });
  expect(() => process.kill(before.answer.pid, 0)).toThrow('ESRCH');
  expect(after.answer.pid).not.toBe(before.answer.pid);
});

test('what a function throws is the answer; what it prints is in its log', async () => {
  const dataDirectory = temporaryDirectory();
  const stack = await startToyStack({ dataDirectory });

  const thrown = await invoke(stack, 'Toy-Worker', 'throw');
  const ended = await invoke(stack, 'Toy-Worker', 'exit');
  await invoke(stack, 'Toy-Worker', 'print');

  expect(thrown.functionError).toBe('Unhandled');
  expect(thrown.answer).toMatchObject({
    errorType: 'RangeError',
    errorMessage: 'the worker throws',
  });
  expect(ended.answer).toEqual({
    errorType: 'Runtime.ExitError',
    errorMessage: 'Runtime exited with error: exit status 7',
  });
  const log = readFileSync(join(dataDirectory, 'logs', 'Toy-Worker.log'), 'utf8');
  expect(log).toContain('printed by the worker\n');
  expect(log).toContain('RangeError: the worker throws');
});

test('a function that is not in the stack is not found', async () => {
  const stack = await startToyStack();

  await expect(invoke(stack, 'nobody', 'return')).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: 'Function not found: nobody',
  });
});
