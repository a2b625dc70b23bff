import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { Clients } from '../emulators/emulators.ts';
import type { StackResources } from '../template/resources.ts';
import type { Functions, Target } from './functions.ts';
import { createSlots } from './lambdaFunction.ts';
import type { InvocationResult } from './protocol.ts';

/** The settings for asynchronous invocations of one function: Lambda's EventInvokeConfig. */
export interface InvokeConfig {
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeSeconds: number;
  /** The ARN of the queue that gets the record of a success. */
  readonly onSuccess: string | undefined;
  readonly onFailure: string | undefined;
}

export interface AsyncInvokerOptions {
  readonly functions: Functions;
  readonly queue: InvocationQueue;
  configOf(functionName: string, qualifier: string): InvokeConfig;
  /** Sends an invocation record to a destination. */
  send(queueArn: string, body: string): Promise<void>;
  /** The factor on the delays between attempts. */
  readonly timeScale: number;
}

/** Lambda waits one minute before the first retry and two before the second. */
const RETRY_WAIT_SECONDS = 60;
/** Limits the invocations at a time, for the sake of the developer's machine. Lambda has no such limit. */
const MAX_CONCURRENT = 10;

/** Lambda's asynchronous invocation: queues events, runs the function and reports to destinations. */
export interface AsyncInvoker {
  /** Queues an event and returns the request id. */
  accept(target: Target, payload: string): string;
  /** Resumes the invocations that an earlier run accepted. */
  resume(): void;
  /** Stops. The next run resumes the invocations that have not ended. */
  stop(): void;
}

export function createAsyncInvoker(options: AsyncInvokerOptions): AsyncInvoker {
  const { functions, queue } = options;
  const slots = createSlots(MAX_CONCURRENT);
  const stopping = new AbortController();

  const end = async (
    { lambda }: Target,
    invocation: PendingInvocation,
    condition: RecordCondition,
    result?: InvocationResult,
  ): Promise<void> => {
    const config = options.configOf(invocation.functionName, invocation.qualifier);
    const destination = condition === 'Success' ? config.onSuccess : config.onFailure;
    if (destination !== undefined)
      await options.send(
        destination,
        JSON.stringify(destinationRecord(invocation, lambda.arn, condition, result)),
      );
    queue.remove(invocation.requestId);
  };

  const run = async (pending: PendingInvocation): Promise<void> => {
    const target = functions.find(pending.functionName, pending.qualifier);
    // An earlier run accepted it, and the stack has changed since.
    if (target === undefined) return queue.remove(pending.requestId);
    const config = options.configOf(pending.functionName, pending.qualifier);
    let invocation = pending;
    while (!stopping.signal.aborted) {
      const ageSeconds = (Date.now() - invocation.acceptedAt) / 1000;
      if (ageSeconds > config.maximumEventAgeSeconds)
        return end(target, invocation, 'EventAgeExceeded');
      const { requestId, payload } = invocation;
      const result = await target.lambda.invoke(payload, { requestId, invokedArn: target.arn });
      // The process was killed because the run stops, which is no failure of the function.
      if (stopping.signal.aborted) return;
      invocation = { ...invocation, attempts: invocation.attempts + 1 };
      queue.save(invocation);
      if (result.functionError === undefined) return end(target, invocation, 'Success', result);
      if (invocation.attempts > config.maximumRetryAttempts)
        return end(target, invocation, 'RetriesExhausted', result);
      const seconds = RETRY_WAIT_SECONDS * invocation.attempts * options.timeScale;
      await wait(seconds * 1000, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };

  const schedule = async (invocation: PendingInvocation): Promise<void> => {
    const free = await slots.take();
    await run(invocation)
      .catch((error) => {
        // It stays on disk, so the next run tries again.
        if (!stopping.signal.aborted)
          process.stderr.write(
            `the invocation record of ${invocation.functionName} could not be sent: ${error}\n`,
          );
      })
      .finally(free);
  };

  return {
    accept({ lambda, qualifier }, payload) {
      const invocation = {
        requestId: randomUUID(),
        functionName: lambda.name,
        qualifier,
        payload,
        acceptedAt: Date.now(),
        attempts: 0,
      };
      queue.save(invocation);
      void schedule(invocation);
      return invocation.requestId;
    },
    resume() {
      for (const invocation of queue.list()) void schedule(invocation);
    },
    stop: () => stopping.abort(),
  };
}

/** An asynchronous invocation that has been accepted and has not ended. */
interface PendingInvocation {
  readonly requestId: string;
  readonly functionName: string;
  readonly qualifier: string;
  /** JSON. */
  readonly payload: string;
  /** Milliseconds since 1970. */
  readonly acceptedAt: number;
  /** How often the function has run for it. */
  readonly attempts: number;
}

/** The accepted invocations, one file each, so that the run after a killed one resumes them. */
export interface InvocationQueue {
  /** Writes a new invocation or its new state before it returns. */
  save(invocation: PendingInvocation): void;
  remove(requestId: string): void;
  /** The invocations that an earlier run left, oldest first. */
  list(): readonly PendingInvocation[];
}

export function openInvocationQueue(directory: string): InvocationQueue {
  mkdirSync(directory, { recursive: true });
  const pathOf = (requestId: string): string => join(directory, `${requestId}.json`);
  return {
    save(invocation) {
      const path = pathOf(invocation.requestId);
      // The rename is atomic, so that a kill leaves the old state or the new one.
      writeFileSync(`${path}.new`, JSON.stringify(invocation));
      renameSync(`${path}.new`, path);
    },
    remove: (requestId) => rmSync(pathOf(requestId), { force: true }),
    list: () =>
      readdirSync(directory)
        .filter((file) => file.endsWith('.json'))
        .map((file): PendingInvocation => JSON.parse(readFileSync(join(directory, file), 'utf8')))
        .sort((a, b) => a.acceptedAt - b.acceptedAt),
  };
}

type RecordCondition = 'Success' | 'RetriesExhausted' | 'EventAgeExceeded';

/**
 * The invocation record that Lambda sends to a destination:
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 *
 * @param result undefined if the function did not run
 */
function destinationRecord(
  invocation: PendingInvocation,
  functionArn: string,
  condition: RecordCondition,
  result: InvocationResult | undefined,
): object {
  return {
    version: '1.0',
    timestamp: new Date().toISOString(),
    requestContext: {
      requestId: invocation.requestId,
      functionArn: `${functionArn}:${invocation.qualifier}`,
      condition,
      approximateInvokeCount: invocation.attempts,
    },
    requestPayload: JSON.parse(invocation.payload),
    responseContext: result && {
      statusCode: 200,
      executedVersion: '$LATEST',
      functionError: result.functionError,
    },
    responsePayload: result && JSON.parse(result.payload),
  };
}

/** Lambda's defaults for a function without an EventInvokeConfig. */
const DEFAULT_RETRY_ATTEMPTS = 2;
const DEFAULT_EVENT_AGE_SECONDS = 6 * 60 * 60;

/** The asynchronous invocation of the stack's functions, with the settings in its template. */
export function wireAsyncInvoker(
  { invokeConfigs, queues }: StackResources,
  functions: Functions,
  { sqs }: Pick<Clients, 'sqs'>,
  options: { readonly dataDirectory: string; readonly timeScale: number },
): AsyncInvoker {
  return createAsyncInvoker({
    functions,
    queue: openInvocationQueue(join(options.dataDirectory, 'invocations')),
    timeScale: options.timeScale,
    configOf(functionName, qualifier) {
      const config = invokeConfigs.find(
        (candidate) =>
          functions.find(candidate.functionName)?.lambda.name === functionName &&
          candidate.qualifier === qualifier,
      );
      const ageSeconds = config?.maximumEventAgeSeconds ?? DEFAULT_EVENT_AGE_SECONDS;
      return {
        maximumRetryAttempts: config?.maximumRetryAttempts ?? DEFAULT_RETRY_ATTEMPTS,
        maximumEventAgeSeconds: ageSeconds * options.timeScale,
        onSuccess: config?.onSuccess,
        onFailure: config?.onFailure,
      };
    },
    async send(queueArn, body) {
      const queue = queues.find(({ arn }) => arn === queueArn);
      if (queue === undefined)
        throw new Error(`the destination ${queueArn} is not a queue of the stack`);
      await sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: body }));
    },
  });
}
