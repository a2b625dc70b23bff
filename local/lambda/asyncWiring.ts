import { join } from 'node:path';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { Clients } from '../emulators/clients.ts';
import type { StackResources } from '../template/resources.ts';
import { type AsyncInvoker, createAsyncInvoker } from './asyncInvoker.ts';
import type { Functions } from './functions.ts';
import { openInvocationQueue } from './invocationQueue.ts';

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
