import { messageOf } from '../batch/errors.ts';
import {
  type Check,
  type CheckResult,
  type DoctorContext,
  type Finding,
  unknownResult,
} from './check.ts';

/** Longest that one check may take. */
const TIMEOUT_MS = 20_000;

/** Runs the checks side by side, and yields their findings in the order of the checks. */
export async function* diagnose<Context extends DoctorContext>(
  context: Context,
  checks: readonly Check<Context>[],
  { timeoutMs = TIMEOUT_MS } = {},
): AsyncGenerator<Finding> {
  const running = checks.map((check) => runCheck(check, context, timeoutMs));
  for (const [index, results] of running.entries())
    for (const result of await results) yield { check: checks[index]?.name ?? '', ...result };
}

/** Never rejects: a check that fails or takes too long gives a result too. */
async function runCheck<Context extends DoctorContext>(
  check: Check<Context>,
  context: Context,
  timeoutMs: number,
): Promise<readonly CheckResult[]> {
  const late = Promise.withResolvers<readonly CheckResult[]>();
  const timer = setTimeout(
    () => late.resolve([unknownResult(`not checked: no answer within ${timeoutMs / 1000} s`)]),
    timeoutMs,
  );
  try {
    return await Promise.race([check.run(context), late.promise]);
  } catch (error) {
    return [failedCheck(check, error)];
  } finally {
    clearTimeout(timer);
  }
}

function failedCheck({ permissions }: Pick<Check, 'permissions'>, error: unknown): CheckResult {
  const name = error instanceof Error ? error.name : '';
  if (/AccessDenied|Forbidden|NotAuthorized/i.test(`${name} ${messageOf(error)}`))
    return unknownResult('not checked: access denied', `needs ${permissions.join(', ')}`);
  return unknownResult(`not checked: ${name}: ${messageOf(error)}`);
}
