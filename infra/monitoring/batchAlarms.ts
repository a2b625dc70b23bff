import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS } from '../../shared/metrics.ts';
import { type AlarmDefinition, over } from './alarmSpec.ts';

const { MAXIMUM } = cloudwatch.Stats;

/** The alarms on batches, and on the providers that run them. */
export const BATCH_ALARMS = {
  /**
   * Hours that a batch has waited for capacity at its provider.
   *
   * @default 6
   */
  oldestQueuedHours: {
    defaultThreshold: 6,
    specs: ({ handler }) => ({
      id: 'OldestQueued',
      severity: 'ticket',
      command: 'providers',
      summary: 'A batch has waited long for capacity at its provider.',
      metric: handler.metric(METRICS.oldestQueuedAge, over(5, MAXIMUM)),
      factor: 60 * 60,
    }),
  },
  /**
   * Blocked providers: those that refuse the account.
   *
   * @default 1
   */
  providersBlocked: {
    defaultThreshold: 1,
    specs: ({ handler }) => ({
      id: 'ProvidersBlocked',
      severity: 'page',
      command: 'providers',
      summary:
        'A provider refuses the account: no job starts there until its key or billing is fixed.',
      metric: handler.metric(METRICS.providerBlocked, over(5, MAXIMUM)),
    }),
  },
  /**
   * Batches that failed although their input was accepted, in 5 minutes.
   *
   * @default 1
   */
  batchesFailed: {
    defaultThreshold: 1,
    specs: ({ handler }) => ({
      id: 'BatchesFailed',
      severity: 'page',
      command: 'list --status failed',
      summary: 'A batch ended without a success, or the processor never accepted its results.',
      metric: handler.metric(METRICS.failed, over(5)),
    }),
  },
  /**
   * Batches whose input was refused, in 5 minutes. Their sender must correct them.
   *
   * @default 1
   */
  inputsRefused: {
    defaultThreshold: 1,
    specs: ({ handler }) => ({
      id: 'InputsRefused',
      severity: 'ticket',
      command: 'list --status failed',
      summary: 'The input of a batch was refused: its sender must correct it.',
      metric: handler.metric(METRICS.inputsRefused, over(5)),
    }),
  },
  /**
   * Invocations of the processor that failed, in 15 minutes. Each is retried, up to `maxDeliveries`.
   *
   * @default 3
   */
  deliveriesFailed: {
    defaultThreshold: 3,
    specs: ({ handler }) => ({
      id: 'DeliveriesFailed',
      severity: 'page',
      command: 'list --status delivering',
      summary: 'The processor fails. Its invocations are retried a few times.',
      metric: handler.metric(METRICS.deliveriesFailed, over(15)),
    }),
  },
  /**
   * Jobs that were cancelled because they made no progress, in 15 minutes.
   *
   * @default 1
   */
  jobsStalled: {
    defaultThreshold: 1,
    specs: ({ handler }) => ({
      id: 'JobsStalled',
      severity: 'ticket',
      command: 'list --status open',
      summary: 'A job made no progress: it is cancelled, and its unfinished requests run again.',
      metric: handler.metric(METRICS.stalled, over(15)),
    }),
  },
  /**
   * Batches that wait because of a daily budget, in one sweep, for 15 minutes. Only if an entry has a
   * `dailyBudget`.
   *
   * @default 1
   */
  budgetWaits: {
    defaultThreshold: 1,
    specs: ({ handler, providers }) =>
      Object.values(providers).some(({ settings }) => settings.dailyBudget !== undefined)
        ? [
            {
              id: 'BudgetWaits',
              severity: 'ticket',
              command: 'providers',
              summary: 'Batches wait because a daily budget is used up.',
              metric: handler.metric(METRICS.budgetWaits, over(5, MAXIMUM)),
              periods: 3,
            },
          ]
        : [],
  },
} satisfies Record<string, AlarmDefinition>;
