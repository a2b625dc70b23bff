import { randomUUID } from 'node:crypto';
import type { Target } from '../lambda/functions.ts';
import { LOCAL_ACCOUNT_ID, LOCAL_REGION } from '../template/account.ts';

export interface Schedule {
  readonly arn: string;
  readonly target: Target;
  /** JSON that the target gets; undefined for Scheduler's own event. */
  readonly input: string | undefined;
}

/**
 * Invokes a schedule's target now and then every `intervalSeconds`, whatever its expression says.
 * A turn is left out while the one before is still at work.
 *
 * @returns stops it
 */
export function startSchedule(schedule: Schedule, intervalSeconds: number): () => void {
  let running = false;
  let stopped = false;
  const fire = async (): Promise<void> => {
    if (running || stopped) return;
    running = true;
    const payload = schedule.input ?? JSON.stringify(scheduledEvent(schedule.arn));
    // A failure is in the function's log, and the next turn is its retry.
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
