import type { Clients } from '../emulators/clients.ts';
import type { Functions, Target } from '../lambda/functions.ts';
import type { StackResources } from '../template/resources.ts';
import { type EventSource, startPoller } from './poller.ts';
import { releaseMessages } from './releaseMessages.ts';
import { startSchedule } from './schedule.ts';

/** Invocations at a time of an event source that sets no maximum. */
const DEFAULT_CONCURRENCY = 10;

/**
 * Starts everything that invokes functions by itself: queues and schedules.
 *
 * @returns stops it
 */
export async function startEventSources(
  resources: StackResources,
  functions: Functions,
  { sqs }: Pick<Clients, 'sqs'>,
  options: { readonly emulatorUrl: string; readonly intervalSeconds: number },
): Promise<() => void> {
  const sources: EventSource[] = [];
  for (const mapping of resources.eventSources.filter(({ enabled }) => enabled)) {
    const queue = resources.queues.find(({ arn }) => arn === mapping.queueArn);
    if (queue === undefined)
      throw new Error(`${mapping.logicalId} reads ${mapping.queueArn}, which is not in the stack`);
    await releaseMessages(sqs, options.emulatorUrl, queue);
    sources.push({
      queueUrl: queue.url,
      queueArn: queue.arn,
      target: targetOf(functions, mapping),
      batchSize: mapping.batchSize,
      maximumConcurrency: mapping.maximumConcurrency ?? DEFAULT_CONCURRENCY,
      reportsPartialFailures: mapping.reportsPartialFailures,
    });
  }
  const stops = [
    ...sources.map((source) => startPoller(sqs, source)),
    ...resources.schedules
      .filter(({ enabled }) => enabled)
      .map((schedule) =>
        startSchedule(
          { arn: schedule.arn, target: targetOf(functions, schedule), input: schedule.input },
          options.intervalSeconds,
        ),
      ),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function targetOf(
  functions: Functions,
  { logicalId, functionName }: { logicalId: string; functionName: string },
): Target {
  const target = functions.find(functionName);
  if (target === undefined)
    throw new Error(`${logicalId} invokes ${functionName}, which is not in the stack`);
  return target;
}
