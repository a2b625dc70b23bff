import { Duration } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { DEFAULT_POLICY, type PolicySettings } from '../shared/config.ts';
import { ConfigurationError } from './configurationError.ts';

/** https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html */
const MIN_EVENT_AGE_SECONDS = 60;

/** What the infrastructure itself must know of the policy. */
export interface Timing {
  /** The entries that differ from the defaults. */
  readonly policy: PolicySettings;
  readonly invocationAge: Duration;
  /** How long after an object was written its batch may still need it. */
  readonly objectAge: Duration;
}

/**
 * Completes the policy with what the stack knows: the processor's timeout and the retention.
 *
 * @param given what the user has set
 * @throws ConfigurationError for an event age that Lambda does not take
 */
export function timingOf(
  given: Omit<PolicySettings, 'retentionSeconds'>,
  retention: Duration | undefined,
  processor: lambda.IFunction,
): Timing {
  const policy: PolicySettings = { ...timeoutOf(processor), ...given };
  if (retention) policy.retentionSeconds = retention.toSeconds();
  const {
    invocationAgeSeconds = DEFAULT_POLICY.invocationAgeSeconds,
    retentionSeconds = DEFAULT_POLICY.retentionSeconds,
    maxAgeSeconds = DEFAULT_POLICY.maxAgeSeconds,
  } = policy;
  if (!Number.isInteger(invocationAgeSeconds) || invocationAgeSeconds < MIN_EVENT_AGE_SECONDS) {
    throw new ConfigurationError(
      `policy.invocationAgeSeconds is ${invocationAgeSeconds}: Lambda takes whole seconds, at least ${MIN_EVENT_AGE_SECONDS}`,
    );
  }
  return {
    policy,
    invocationAge: Duration.seconds(invocationAgeSeconds),
    // The retention counts from the end of a batch, S3 from the object: its input comes first.
    objectAge: Duration.seconds(retentionSeconds + maxAgeSeconds),
  };
}

/** Unknown for an imported function. */
function timeoutOf(processor: lambda.IFunction): Pick<PolicySettings, 'processorTimeoutSeconds'> {
  const target = 'lambda' in processor ? processor.lambda : processor;
  if (!(target instanceof lambda.Function)) return {};
  // Lambda's own default is 3 seconds.
  return { processorTimeoutSeconds: target.timeout?.toSeconds() ?? 3 };
}
