import { randomUUID } from 'node:crypto';
import type { Clients } from '../emulators/emulators.ts';
import type { Functions, Target } from '../lambda/functions.ts';
import { LOCAL_ACCOUNT_ID, LOCAL_REGION } from '../template/account.ts';
import type { StackResources } from '../template/resources.ts';
import { type EventSource, releaseMessages, startPoller } from './poller.ts';

/** The invocations at a time of an event source without a maximum. */
const DEFAULT_CONCURRENCY = 10;

/**
 * Starts the event source mappings and schedules, which invoke functions.
 *
 * @returns stops them
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

interface Schedule {
  readonly arn: string;
  readonly target: Target;
  /** The input of the target, as JSON. Undefined for Scheduler's own event. */
  readonly input: string | undefined;
}

/**
 * Invokes a schedule's target at once and then every `intervalSeconds`, whatever its expression is.
 * Skips an invocation while the previous one is running.
 *
 * @returns stops the schedule
 */
function startSchedule(schedule: Schedule, intervalSeconds: number): () => void {
  let running = false;
  let stopped = false;
  const fire = async (): Promise<void> => {
    if (running || stopped) return;
    running = true;
    const payload = schedule.input ?? JSON.stringify(scheduledEvent(schedule.arn));
    // A failure is in the function's log, and the next invocation retries.
    await schedule.target.lambda.invoke(payload, { invokedArn: schedule.target.arn });
    running = false;
  };
  const timer = setInterval(fire, intervalSeconds * 1000);
  void fire();
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}

function scheduledEvent(scheduleArn: string): object {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.scheduler',
    account: LOCAL_ACCOUNT_ID,
    time: new Date().toISOString(),
    region: LOCAL_REGION,
    resources: [scheduleArn],
    detail: '{}',
  };
}
