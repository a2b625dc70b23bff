import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FunctionResource } from '../template/resources.ts';
import { type ExecutionEnvironment, startEnvironment } from './executionEnvironment.ts';
import type { InvocationResult } from './protocol.ts';
import { isPython } from './python.ts';

/** A deployed function. */
export interface LambdaFunction {
  readonly name: string;
  readonly arn: string;
  /** The variables of the template and those that a local run adds. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Runs the handler in a free process or a new one. Never rejects, since a failure is a result.
   *
   * @param payload JSON
   */
  invoke(payload: string, options?: InvokeOptions): Promise<InvocationResult>;
  /** Kills every process. */
  stop(): Promise<void>;
}

interface InvokeOptions {
  readonly requestId?: string;
  /** The ARN as the caller named it, with its qualifier if there was one. */
  readonly invokedArn?: string;
}

export interface FunctionSettings {
  /** Variables that override those of the template. */
  readonly environment: Readonly<Record<string, string>>;
  readonly logDirectory: string;
  readonly temporaryDirectory: string;
  /** The path of the Python for functions in Python. */
  readonly python?: string | undefined;
}

/** Deploys a function. Its processes start when they are needed and are reused. */
export function deployFunction(
  resource: FunctionResource,
  settings: FunctionSettings,
): LambdaFunction {
  const { name, arn, memoryMegabytes, timeoutSeconds } = resource;
  const logFile = join(settings.logDirectory, `${name}.log`);
  const log = (line: string): void => appendFileSync(logFile, `${line}\n`);
  const idle: ExecutionEnvironment[] = [];
  const all = new Set<ExecutionEnvironment>();
  let stopped = false;

  const variables = { ...resource.environment, ...settings.environment };

  const start = (): ExecutionEnvironment => {
    const environment = startEnvironment({
      environment: {
        ...variables,
        _HANDLER: resource.handler,
        LAMBDA_TASK_ROOT: resource.directory,
        AWS_EXECUTION_ENV: `AWS_Lambda_${resource.runtime}`,
        AWS_LAMBDA_FUNCTION_NAME: name,
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMegabytes),
        AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
        AWS_LAMBDA_LOG_STREAM_NAME: randomUUID(),
      },
      memoryMegabytes,
      python: isPython(resource) ? settings.python : undefined,
      logFile,
      temporaryDirectory: join(settings.temporaryDirectory, `${name}-${randomUUID()}`),
    });
    all.add(environment);
    return environment;
  };
  const takeIdle = (): ExecutionEnvironment | undefined => {
    while (true) {
      const environment = idle.pop();
      if (environment?.alive !== false) return environment;
      all.delete(environment);
    }
  };

  return {
    name,
    arn,
    environment: variables,
    async invoke(payload, { requestId = randomUUID(), invokedArn = arn } = {}) {
      if (stopped) throw new Error(`${name} was invoked after the local run had stopped`);
      const environment = takeIdle() ?? start();
      const startedAt = performance.now();
      log(`START RequestId: ${requestId}`);
      const result = await environment.invoke(
        { requestId, payload, invokedFunctionArn: invokedArn },
        timeoutSeconds * 1000,
      );
      const milliseconds = (performance.now() - startedAt).toFixed(0);
      const outcome = result.functionError === undefined ? '' : ` ${result.payload}`;
      log(`REPORT RequestId: ${requestId} Duration: ${milliseconds} ms${outcome}`);
      if (environment.alive) idle.push(environment);
      else all.delete(environment);
      return result;
    },
    async stop() {
      stopped = true;
      await Promise.all([...all].map((environment) => environment.kill()));
    },
  };
}

/** Limits how much runs at a time. */
export interface Slots {
  /** Resolves in turn, when a slot is free. Returns the function that releases the slot. */
  take(): Promise<() => void>;
}

export function createSlots(count: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];
  const give = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return {
    async take() {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      return give;
    },
  };
}
