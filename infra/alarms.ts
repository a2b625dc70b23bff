import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { QueuePair, Queues } from './queues.ts';

/** What to do about each alarm, in a section of its own. */
const RUNBOOK = 'docs/operations.md';

/** An alarm on each dead-letter queue: whatever is in there waits for somebody. */
export function createAlarms(scope: Construct, queues: Queues): cloudwatch.Alarm[] {
  const { intake, worker, outcome } = queues;
  const create = (id: string, pair: QueuePair, section: string, description: string) =>
    deadLetterAlarm(scope, id, pair, `${description} See ${RUNBOOK}#${section}.`);
  return [
    create(
      'BatchDeadLetters',
      intake,
      'refused-messages',
      'Messages to the batch queue were refused: the attribute "reason" of each says why. Remove the cause and move them back, or delete them.',
    ),
    create(
      'WorkDeadLetters',
      worker,
      'work-that-failed',
      'The worker could not handle messages. The attribute "reason" says why, or else its logs do. The sweeper sends the work anew by itself: delete them once the cause is removed.',
    ),
    create(
      'OutcomeDeadLetters',
      outcome,
      'ends-of-deliveries',
      'The end of a delivery could not be noted: the logs of the outcome function say why. Remove the cause and move the messages back, or the delivery is repeated.',
    ),
  ];
}

/** An alarm on the first message in a dead-letter queue. */
export function deadLetterAlarm(
  scope: Construct,
  id: string,
  { deadLetterQueue }: QueuePair,
  alarmDescription: string,
): cloudwatch.Alarm {
  return new cloudwatch.Alarm(scope, id, {
    metric: deadLetterQueue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' }),
    threshold: 1,
    evaluationPeriods: 1,
    comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    alarmDescription,
  });
}
