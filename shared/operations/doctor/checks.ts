import type { Check } from './check.ts';
import { clock, concurrency, credentials } from './checks/account.ts';
import { admission } from './checks/admission.ts';
import { overdue, waiting } from './checks/batches.ts';
import { providers } from './checks/providers.ts';
import { deadLetters, queues } from './checks/queues.ts';
import { secrets } from './checks/secrets.ts';
import { functions, stack, version } from './checks/stack.ts';
import { schedule, sweep } from './checks/sweeping.ts';

/** What is looked at, in the order in which it is told: what the rest stands on comes first. */
export const CHECKS: readonly Check[] = [
  ...[credentials, clock, stack, version, functions, concurrency],
  ...[secrets, providers, schedule, sweep],
  ...[queues, deadLetters, admission, waiting, overdue],
];
