import type { SQSClient } from '@aws-sdk/client-sqs';
import { sqsEvent, succeededIds } from '../../../local/events/poller.ts';
import type { Functions } from '../../../local/lambda/functions.ts';
import type { StackResources } from '../../../local/template/resources.ts';
import { realQueue } from '../../support/realQueue.ts';

/** Hands everything that is queued to the functions, once, when it is told to; gives how much it was. */
export function queueConsumers(
  { eventSources, queues }: Pick<StackResources, 'eventSources' | 'queues'>,
  functions: Functions,
  sqs: SQSClient,
): () => Promise<number> {
  const sources = eventSources
    .filter(({ enabled }) => enabled)
    .map((source) => {
      const url = queues.find(({ arn }) => arn === source.queueArn)?.url ?? '';
      return { source, queue: realQueue(sqs, url) };
    });
  const handle = async ({ source, queue }: (typeof sources)[number]): Promise<number> =>
    queue.handleAll(async (message) => {
      const target = functions.find(source.functionName);
      if (target === undefined) throw new Error(`${source.functionName} is not deployed`);
      const event = JSON.stringify(sqsEvent([message], source.queueArn));
      const result = await target.lambda.invoke(event);
      const id = message.MessageId ?? '';
      if (!succeededIds([id], result, source.reportsPartialFailures).includes(id))
        throw new Error(`${target.lambda.name} failed`);
    });
  return async () => {
    let handled = 0;
    for (const source of sources) handled += await handle(source);
    return handled;
  };
}
