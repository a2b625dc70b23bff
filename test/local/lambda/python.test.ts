import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { describe, expect, onTestFinished, test } from 'vitest';
import { pythonLines } from '../../../local/lambda/python.ts';
import type { RunningStack } from '../../../local/stack.ts';
import type { FunctionResource } from '../../../local/template/resources.ts';
import { lambdaClient } from '../fixtures/toyAccess.ts';
import { startToyStack, temporaryDirectory, toyWith } from '../fixtures/toyStack.ts';

const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython) process.stdout.write('skipped: no python3 on this machine\n');

/** The toy stack with its worker in Python. */
function inPython(handler = 'index.handler', timeout = 2): string {
  return toyWith(({ Resources }) => {
    Object.assign(Resources.Worker?.Properties ?? {}, {
      ...{ Runtime: 'python3.13', Handler: handler, Timeout: timeout },
    });
  });
}

async function invoke(stack: RunningStack, does: string) {
  const command = new InvokeCommand({
    FunctionName: 'Toy-Worker',
    Payload: JSON.stringify({ does }),
  });
  const { FunctionError: functionError, Payload: payload } =
    await lambdaClient(stack).send(command);
  return { functionError, answer: JSON.parse(payload?.transformToString() ?? 'null') };
}

describe.skipIf(!hasPython)('a function in Python', () => {
  test('runs in a process that is used again, with the context and settings of Lambda', async () => {
    const directory = inPython();
    const stack = await startToyStack({ environment: { OPENAI_API_KEY: 'sk-x' } }, directory);

    const first = await invoke(stack, 'return');
    const second = await invoke(stack, 'return');

    expect(first.functionError).toBeUndefined();
    expect(first.answer).toMatchObject({
      invocations: 1,
      name: 'Toy-Worker',
      arn: 'arn:aws:lambda:us-east-1:000000000000:function:Toy-Worker',
      directory: join(directory, 'functions', 'worker'),
    });
    expect(first.answer.remainingMs).toBeGreaterThan(0);
    expect(first.answer.remainingMs).toBeLessThanOrEqual(2000);
    expect(second.answer).toMatchObject({ invocations: 2, pid: first.answer.pid });
    expect(first.answer.environment).toMatchObject({
      AWS_EXECUTION_ENV: 'AWS_Lambda_python3.13',
      AWS_ENDPOINT_URL_LAMBDA: stack.endpointUrl,
    });
    expect(Object.values(first.answer.environment)).not.toContain('sk-x');
    expect(stack.notes.join('\n')).toMatch(
      /^Python 3[\d.]+ of this machine runs Worker \(python3\.13\)/m,
    );
  });

  test('is killed at its timeout; what it raises is the answer, what it prints is in its log', async () => {
    const dataDirectory = temporaryDirectory();
    const stack = await startToyStack({ dataDirectory }, inPython());

    const before = await invoke(stack, 'return');
    const raised = await invoke(stack, 'throw');
    const hung = await invoke(stack, 'hang');
    const exited = await invoke(stack, 'exit');

    expect(raised).toMatchObject({
      functionError: 'Unhandled',
      answer: { errorType: 'ValueError', errorMessage: 'as asked' },
    });
    expect(raised.answer.stackTrace.join('')).toContain('index.py');
    expect(hung.answer).toEqual({
      errorType: 'Sandbox.Timedout',
      errorMessage: 'Task timed out after 2 seconds',
    });
    expect(() => process.kill(before.answer.pid, 0)).toThrow('ESRCH');
    expect(exited.answer).toEqual({
      errorType: 'Runtime.ExitError',
      errorMessage: 'Runtime exited with error: exit status 3',
    });
    const log = readFileSync(join(dataDirectory, 'logs', 'Toy-Worker.log'), 'utf8');
    expect(log).toContain("said {'does': 'return'}");
    expect(log).toContain('ValueError: as asked');
  });

  test('answers what JSON can say, as Lambda does, and may start processes', async () => {
    const stack = await startToyStack({}, inPython('index.handler', 60));

    expect((await invoke(stack, 'numbers')).answer).toEqual({ price: 1.5 });
    expect((await invoke(stack, 'nan')).answer).toMatchObject({
      errorType: 'Runtime.MarshalError',
      errorMessage: expect.stringMatching(/^Unable to marshal response: Out of range float/),
    });
    expect((await invoke(stack, 'process')).answer).toBe(0);
  });

  test('ends with the local run, also while its module is being loaded', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'endless.py'), 'print("begun")\nwhile True: pass\n');
    const env = {
      PATH: process.env.PATH,
      LAMBDA_TASK_ROOT: directory,
      _HANDLER: 'endless.handler',
    };
    const child = spawn('python3', ['-u', 'local/lambda/bootstrap.py'], {
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
      env,
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout as Readable, 'data');

    (child.stdio[3] as Duplex).destroy();

    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('whose module cannot be imported says why, and how boto3 is installed', async () => {
    const directory = inPython('broken.handler');
    const code = join(directory, 'functions', 'worker', 'broken.py');
    writeFileSync(code, 'raise ModuleNotFoundError("No module named \'boto3\'", name="boto3")\n');
    const stack = await startToyStack({}, directory);

    const { answer } = await invoke(stack, 'return');

    expect(answer.errorType).toBe('Runtime.ImportModuleError');
    expect(answer.errorMessage).toMatch(
      /^Unable to load broken\.handler: No module named 'boto3'; Lambda's Python includes it, .* -m pip install boto3$/,
    );
  });
});

test('a machine without python3 is told what to install', async () => {
  const { PATH } = process.env;
  process.env.PATH = temporaryDirectory();
  onTestFinished(() => {
    process.env.PATH = PATH;
  });

  await expect(startToyStack({}, inPython())).rejects.toThrow(
    'Worker needs python3.13, and python3 cannot be run on this machine (spawnSync python3 ENOENT): install Python 3 and put it on the PATH',
  );
});

test('a Python without boto3 is told of, unless the function brings it', () => {
  const directory = temporaryDirectory();
  const worker = { directory, logicalId: 'Worker', runtime: 'python3.13' } as FunctionResource;
  const python = { executable: '/usr/bin/python3', version: '3.12.1', boto3: false };

  expect(pythonLines([worker], python)).toEqual([
    'Python 3.12.1 of this machine runs Worker (python3.13). It lacks boto3, which Lambda includes: /usr/bin/python3 -m pip install boto3',
  ]);
  mkdirSync(join(directory, 'boto3'));
  expect(pythonLines([worker], python)).toEqual([
    'Python 3.12.1 of this machine runs Worker (python3.13)',
  ]);
  expect(pythonLines([{ ...worker, runtime: 'nodejs24.x' }], undefined)).toEqual([]);
});
