import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { Queues } from './queues.ts';

/** An alarm on each dead-letter queue: whatever is in there waits for somebody. */
export function createAlarms(scope: Construct, queues: Queues): cloudwatch.Alarm[] {
  const { intake, worker, outcome } = queues;
  const create = (id: string, { deadLetterQueue }: Queues['intake'], description: string) =>
    new cloudwatch.Alarm(scope, id, {
      metric: deadLetterQueue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' }),
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      alarmDescription: description,
    });
  return [
    create(
      'BatchDeadLetters',
      intake,
      'Messages to the batch queue were refused: the attribute "reason" of each says why.',
    ),
    create(
      'WorkDeadLetters',
      worker,
      'The worker failed on a message again and again. The sweeper sends the work anew; its logs say what is wrong.',
    ),
    create(
      'OutcomeDeadLetters',
      outcome,
      'The end of a delivery could not be noted. The delivery is repeated; the logs say what is wrong.',
    ),
  ];
}
