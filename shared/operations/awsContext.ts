import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { GetFunctionConfigurationCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { SchedulerClient } from '@aws-sdk/client-scheduler';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { STSClient } from '@aws-sdk/client-sts';
import * as z from 'zod';
import { lambdaClient } from '../aws/clients/lambda.ts';
import { cloudFormationClient, schedulerClient, stsClient } from '../aws/clients/operator.ts';
import { secretsManagerClient } from '../aws/clients/secretsManager.ts';
import type { AwsHandler, HandlerConnection } from '../client/connection.ts';
import { logGroupOf } from './batchLogs.ts';
import type { DoctorContext } from './check.ts';

/** A handler in AWS that is checked, and the clients that the checks need. */
export interface AwsDoctorContext extends DoctorContext {
  readonly aws: AwsHandler;
  readonly cloudFormation: CloudFormationClient;
  readonly lambda: LambdaClient;
  readonly scheduler: SchedulerClient;
  readonly secrets: SecretsManagerClient;
  readonly sts: STSClient;
  /** The command that shows the logs of a function, from its own settings where they can be read. */
  logsOf(functionName: string): Promise<string>;
  /** The function's variable that maps provider entries to something; empty if it is not set. */
  entryVariable(functionName: string, variable: string): Promise<Readonly<Record<string, string>>>;
}

const entryVariableSchema = z.record(z.string(), z.string());

export function awsDoctorContext(
  connection: HandlerConnection,
  aws: AwsHandler,
  now: () => number,
): AwsDoctorContext {
  const { access, resources } = aws;
  const lambda = lambdaClient(access);
  return {
    connection,
    aws,
    cloudFormation: cloudFormationClient(access),
    lambda,
    scheduler: schedulerClient(access),
    secrets: secretsManagerClient(access),
    sts: stsClient(access),
    now,
    logsOf,
    workLogs: () => logsOf(resources.worker),
    async entryVariable(functionName, variable) {
      const { Environment: environment } = await lambda.send(
        new GetFunctionConfigurationCommand({ FunctionName: functionName }),
      );
      return entryVariableSchema.parse(JSON.parse(environment?.Variables?.[variable] ?? '{}'));
    },
  };

  async function logsOf(functionName: string): Promise<string> {
    const group = await logGroupOf(lambda, functionName);
    return group === undefined
      ? `see the logs of function ${functionName}`
      : `see its logs: aws logs tail ${group} --since 1h`;
  }
}
