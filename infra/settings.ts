import { Duration, Token } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { invalidLines } from '../shared/invalid/text.ts';
import {
  DEFAULT_POLICY,
  lifetimeSeconds,
  type PolicySettings,
  type SettingsInput,
  settingsSchema,
} from '../shared/settings.ts';
import { ConfigurationError } from './configurationError.ts';

/**
 * The text of settings.json, which ships beside the bundles.
 *
 * @throws ConfigurationError for a setting that is invalid or known only at deployment
 */
export function settingsText(settings: SettingsInput): string {
  const deployTime = findToken(settings, []);
  if (deployTime) {
    throw new ConfigurationError(
      `${deployTime.join('.')} is known only when the stack is deployed, but the settings ship with the code: give a plain value`,
    );
  }
  const parsed = settingsSchema.safeParse(settings);
  if (!parsed.success) {
    const lines = invalidLines(parsed.error, { input: settings, schema: settingsSchema });
    throw new ConfigurationError(lines.join('\n'));
  }
  return JSON.stringify(parsed.data, null, 2);
}

function findToken(value: unknown, path: readonly string[]): readonly string[] | undefined {
  if (Token.isUnresolved(value)) return path;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, entry] of Object.entries(value)) {
    // The path would show the placeholder of a token instead of a name.
    const found = Token.isUnresolved(key) ? [...path, '(a key)'] : findToken(entry, [...path, key]);
    if (found) return found;
  }
  return undefined;
}

/** Lambda's minimum: https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html */
const MIN_EVENT_AGE_SECONDS = 60;

/** The policy, and the durations in it that resources need. */
interface Timing {
  /** The values that differ from the defaults. */
  readonly policy: PolicySettings;
  /** How long Lambda may keep an invocation of the processor in its queue. */
  readonly invocationAge: Duration;
  /** How long after an object was written its batch may still need it. */
  readonly objectAge: Duration;
}

/**
 * Adds the processor's timeout and the props of the same kind to the policy.
 *
 * @param given the prop `policy`
 * @throws ConfigurationError for an invocation age that Lambda does not accept
 */
export function timingOf(
  given: Omit<PolicySettings, 'retentionSeconds' | 'inputRetentionSeconds'>,
  {
    retention,
    inputRetention,
  }: { readonly retention?: Duration; readonly inputRetention?: Duration },
  processor: lambda.IFunction,
): Timing {
  const policy: PolicySettings = { ...timeoutOf(processor), ...given };
  if (retention) policy.retentionSeconds = retention.toSeconds();
  if (inputRetention) policy.inputRetentionSeconds = inputRetention.toSeconds();
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
    objectAge: Duration.seconds(lifetimeSeconds({ retentionSeconds, maxAgeSeconds })),
  };
}

/** Empty for an imported function, whose timeout is not known. */
function timeoutOf(processor: lambda.IFunction): Pick<PolicySettings, 'processorTimeoutSeconds'> {
  const target = 'lambda' in processor ? processor.lambda : processor;
  if (!(target instanceof lambda.Function)) return {};
  // Lambda's default is 3 seconds.
  return { processorTimeoutSeconds: target.timeout?.toSeconds() ?? 3 };
}
