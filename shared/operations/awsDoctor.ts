import type { AwsDoctorContext } from './awsContext.ts';
import type { Check } from './check.ts';
import { admissionCheck } from './checks/admission.ts';
import {
  clockCheck,
  concurrencyCheck,
  credentialsCheck,
  functionsCheck,
  stackCheck,
} from './checks/aws.ts';
import {
  deadLettersCheck,
  overdueCheck,
  queuesCheck,
  unreadableCheck,
  waitingCheck,
} from './checks/flow.ts';
import { providersCheck, secretsCheck } from './checks/providers.ts';
import { bucketCheck, tableCheck } from './checks/storage.ts';
import { scheduleCheck, sweepCheck } from './checks/sweeps.ts';
import { versionCheck } from './checks/version.ts';

export { awsDoctorContext } from './awsContext.ts';

/** All checks of a handler in AWS, in the order in which they are reported: what the others depend on first. */
export const AWS_CHECKS: readonly Check<AwsDoctorContext>[] = [
  credentialsCheck,
  clockCheck,
  stackCheck,
  versionCheck,
  functionsCheck,
  tableCheck,
  bucketCheck,
  concurrencyCheck,
  secretsCheck,
  providersCheck,
  scheduleCheck,
  sweepCheck,
  queuesCheck,
  deadLettersCheck,
  admissionCheck,
  waitingCheck,
  overdueCheck,
  unreadableCheck,
];
