import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { GetFunctionConfigurationCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { SchedulerClient } from '@aws-sdk/client-scheduler';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { STSClient } from '@aws-sdk/client-sts';
import * as z from 'zod';
import { lambdaClient } from '../aws/clients/lambda.ts';
import { cloudFormationClient, schedulerClient, stsClient } from '../aws/clients/operator.ts';
import { secretsManagerClient } from '../aws/clients/secretsManager.ts';
import type { HandlerConnection } from '../client/connection.ts';
import { omitUndefined } from '../omitUndefined.ts';

/** One thing that the doctor checks, independently of all others. */
export interface Check {
  /** One or two words. */
  readonly name: string;
  /** The IAM actions that it needs, named to a caller who is denied them. */
  readonly permissions: readonly string[];
  run(context: DoctorContext): Promise<readonly CheckResult[]>;
}

/**
 * - `ok`: as it should be
 * - `note`: worth knowing; nothing has to be done
 * - `problem`: somebody must act
 * - `unknown`: could not be checked
 */
export type FindingLevel = 'ok' | 'note' | 'problem' | 'unknown';

/** One line about what was found, and one about what to do. */
export interface Finding {
  /** Name of the check. */
  readonly check: string;
  readonly level: FindingLevel;
  readonly what: string;
  readonly fix?: string;
}

/** A finding without the name of its check. */
export type CheckResult = Omit<Finding, 'check'>;

export function okResult(what: string): CheckResult {
  return { level: 'ok', what };
}

export function noteResult(what: string, fix?: string): CheckResult {
  return omitUndefined({ level: 'note' as const, what, fix });
}

export function problemResult(what: string, fix: string): CheckResult {
  return { level: 'problem', what, fix };
}

export function unknownResult(what: string, fix?: string): CheckResult {
  return omitUndefined({ level: 'unknown' as const, what, fix });
}

/** The handler that is checked, and the clients that the checks need. */
export interface DoctorContext {
  readonly connection: HandlerConnection;
  readonly cloudFormation: CloudFormationClient;
  readonly lambda: LambdaClient;
  readonly scheduler: SchedulerClient;
  readonly secrets: SecretsManagerClient;
  readonly sts: STSClient;
  /** Milliseconds since 1970. */
  now(): number;
  /** The command that shows the logs of a function, from its own settings where they can be read. */
  logsOf(functionName: string): Promise<string>;
  /** The function's variable that maps provider entries to something; empty if it is not set. */
  entryVariable(functionName: string, variable: string): Promise<Readonly<Record<string, string>>>;
}

const entryVariableSchema = z.record(z.string(), z.string());

export function doctorContext(connection: HandlerConnection, now: () => number): DoctorContext {
  const { access } = connection;
  const lambda = lambdaClient(access);
  return {
    connection,
    cloudFormation: cloudFormationClient(access),
    lambda,
    scheduler: schedulerClient(access),
    secrets: secretsManagerClient(access),
    sts: stsClient(access),
    now,
    async logsOf(functionName) {
      const found = await lambda
        .send(new GetFunctionConfigurationCommand({ FunctionName: functionName }))
        .catch(() => undefined);
      const group = found?.LoggingConfig?.LogGroup;
      return group === undefined
        ? `see the logs of function ${functionName}`
        : `see its logs: aws logs tail ${group} --since 1h`;
    },
    async entryVariable(functionName, variable) {
      const { Environment: environment } = await lambda.send(
        new GetFunctionConfigurationCommand({ FunctionName: functionName }),
      );
      return entryVariableSchema.parse(JSON.parse(environment?.Variables?.[variable] ?? '{}'));
    },
  };
}
