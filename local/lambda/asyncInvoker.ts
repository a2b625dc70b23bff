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

/** How asynchronous invocations of one function are treated: Lambda's EventInvokeConfig. */
export interface InvokeConfig {
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeSeconds: number;
  /** ARN of the queue that hears of it. */
  readonly onSuccess: string | undefined;
  readonly onFailure: string | undefined;
}

export interface AsyncInvokerOptions {
  readonly functions: Functions;
  readonly queue: InvocationQueue;
  configOf(functionName: string, qualifier: string): InvokeConfig;
  /** Sends a record to a destination. */
  send(queueArn: string, body: string): Promise<void>;
  /** Factor on Lambda's waits between attempts. */
  readonly timeScale: number;
}

/** Lambda waits a minute before the first retry and two before the second. */
const RETRY_WAIT_SECONDS = 60;
/** Invocations at a time: Lambda has no such limit, a developer's machine does. */
const CONCURRENCY = 10;

/** Lambda's asynchronous invocation: accepts at once, runs later, tells the destinations. */
export interface AsyncInvoker {
  /** @returns the request id */
  accept(target: Target, payload: string): string;
  /** Goes on with what an earlier run accepted. */
  resume(): void;
  /** Leaves what has not ended for the next run. */
  stop(): void;
}

export function createAsyncInvoker(options: AsyncInvokerOptions): AsyncInvoker {
  const { functions, queue } = options;
  const slots = createSlots(CONCURRENCY);
  const stopping = new AbortController();

  const end = async (
    { lambda }: Target,
    invocation: PendingInvocation,
    condition: Condition,
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
    // The stack has changed since an earlier run accepted it.
    if (target === undefined) return queue.remove(pending.requestId);
    const config = options.configOf(pending.functionName, pending.qualifier);
    let invocation = pending;
    while (!stopping.signal.aborted) {
      const ageSeconds = (Date.now() - invocation.acceptedAt) / 1000;
      if (ageSeconds > config.maximumEventAgeSeconds)
        return end(target, invocation, 'EventAgeExceeded');
      const { requestId, payload } = invocation;
      const result = await target.lambda.invoke(payload, { requestId, invokedArn: target.arn });
      // A process that was killed because the run stops says nothing about the function.
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
        // It stays on disk: the next run goes on with it.
        if (!stopping.signal.aborted)
          process.stderr.write(
            `the outcome of ${invocation.functionName} was not sent: ${error}\n`,
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

/** An asynchronous invocation that has been accepted and not yet ended. */
interface PendingInvocation {
  readonly requestId: string;
  readonly functionName: string;
  readonly qualifier: string;
  /** JSON. */
  readonly payload: string;
  /** Milliseconds since 1970. */
  readonly acceptedAt: number;
  /** Times the function has been run for it. */
  readonly attempts: number;
}

/** The accepted invocations, one file each, so that a run that was killed goes on with them. */
export interface InvocationQueue {
  /** Writes it, or its new state, before it returns. */
  save(invocation: PendingInvocation): void;
  remove(requestId: string): void;
  /** What an earlier run left, oldest first. */
  list(): readonly PendingInvocation[];
}

export function openInvocationQueue(directory: string): InvocationQueue {
  mkdirSync(directory, { recursive: true });
  const pathOf = (requestId: string): string => join(directory, `${requestId}.json`);
  return {
    save(invocation) {
      const path = pathOf(invocation.requestId);
      // Beside and then over: a kill in between leaves the old state, never half of the new.
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

type Condition = 'Success' | 'RetriesExhausted' | 'EventAgeExceeded';

/**
 * What Lambda sends to the destination of an asynchronous invocation.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 *
 * @param result undefined if the function never ran
 */
function destinationRecord(
  invocation: PendingInvocation,
  functionArn: string,
  condition: Condition,
  result: InvocationResult | undefined,
): object {
  const { functionError } = result ?? {};
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
    ...(result === undefined
      ? {}
      : {
          responseContext: {
            statusCode: 200,
            executedVersion: '$LATEST',
            ...(functionError === undefined ? {} : { functionError }),
          },
          responsePayload: JSON.parse(result.payload),
        }),
  };
}

/** What Lambda does for a function without settings of its own. */
const DEFAULT_RETRY_ATTEMPTS = 2;
const DEFAULT_EVENT_AGE_SECONDS = 6 * 60 * 60;

/** The asynchronous invocation of the stack's functions, by the stack's own settings. */
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
      if (queue === undefined) throw new Error(`the destination ${queueArn} is not in the stack`);
      await sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: body }));
    },
  });
}
