import { messageOf } from '../batch/errors.ts';
import { clock, concurrency, credentials, functions, stack, version } from './checks/aws.ts';
import { deadLetters, overdue, queues, waiting } from './checks/flow.ts';
import { providers, secrets } from './checks/providers.ts';
import { admission, schedule, sweep } from './checks/sweeps.ts';
import { type Check, type Finding, type Found, type Subject, unknown } from './findings.ts';

/** Longest that one check may take. */
const TIMEOUT_MS = 20_000;

/** All findings, in the order of the checks, which run side by side. */
export async function* diagnose(
  subject: Subject,
  { checks = CHECKS, timeoutMs = TIMEOUT_MS } = {},
): AsyncGenerator<Finding> {
  const running = checks.map((check) => run(check, subject, timeoutMs));
  for (const [index, findings] of running.entries())
    for (const found of await findings) yield { check: checks[index]?.name ?? '', ...found };
}

/** Never rejects: what cannot be looked at is a finding too. */
async function run(check: Check, subject: Subject, timeoutMs: number): Promise<readonly Found[]> {
  const late = Promise.withResolvers<readonly Found[]>();
  const timer = setTimeout(
    () => late.resolve([unknown(`could not be checked: no answer in ${timeoutMs / 1000} s`)]),
    timeoutMs,
  );
  try {
    return await Promise.race([check.run(subject), late.promise]);
  } catch (error) {
    return [unchecked(check, error)];
  } finally {
    clearTimeout(timer);
  }
}

function unchecked({ permissions }: Check, error: unknown): Found {
  const name = error instanceof Error ? error.name : '';
  if (/AccessDenied|Forbidden|NotAuthorized/i.test(`${name} ${messageOf(error)}`))
    return unknown('could not be checked: you may not', `it takes ${permissions.join(', ')}`);
  return unknown(`could not be checked: ${name}: ${messageOf(error)}`);
}

/** What is looked at, in the order in which it is told: what the rest stands on comes first. */
export const CHECKS: readonly Check[] = [
  ...[credentials, clock, stack, version, functions, concurrency],
  ...[secrets, providers, schedule, sweep],
  ...[queues, deadLetters, admission, waiting, overdue],
];

export { subjectOf } from './findings.ts';
