import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { GetFunctionConfigurationCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { SchedulerClient } from '@aws-sdk/client-scheduler';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { STSClient } from '@aws-sdk/client-sts';
import * as z from 'zod';
import { cloudFormationClient } from '../../aws/clients/cloudFormation.ts';
import { lambdaClient } from '../../aws/clients/lambda.ts';
import { schedulerClient } from '../../aws/clients/scheduler.ts';
import { secretsManagerClient } from '../../aws/clients/secretsManager.ts';
import { stsClient } from '../../aws/clients/sts.ts';
import type { Connection } from '../../client/connection.ts';

/** The handler that is examined, and what it takes to look at it. */
export interface Subject {
  readonly connection: Connection;
  readonly cloudFormation: CloudFormationClient;
  readonly lambda: LambdaClient;
  readonly scheduler: SchedulerClient;
  readonly secrets: SecretsManagerClient;
  readonly sts: STSClient;
  /** Milliseconds since 1970. */
  now(): number;
  /** The variable of a function that maps entries to something; empty if it has none. */
  entriesIn(functionName: string, variable: string): Promise<Readonly<Record<string, string>>>;
}

const entriesSchema = z.record(z.string(), z.string());

export function subjectOf(connection: Connection, now: () => number): Subject {
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
    async entriesIn(functionName, variable) {
      const { Environment: environment } = await lambda.send(
        new GetFunctionConfigurationCommand({ FunctionName: functionName }),
      );
      return entriesSchema.parse(JSON.parse(environment?.Variables?.[variable] ?? '{}'));
    },
  };
}
