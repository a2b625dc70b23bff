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

/** One thing that is looked at, whatever comes of the others. */
export interface Check {
  /** A word or two. */
  readonly name: string;
  /** The IAM actions that it takes, told to whoever may not. */
  readonly permissions: readonly string[];
  run(subject: Subject): Promise<readonly Found[]>;
}

/**
 * - `ok`: as it should be
 * - `note`: worth knowing, and nobody has to do anything
 * - `problem`: somebody must act
 * - `unknown`: could not be checked
 */
export type FindingLevel = 'ok' | 'note' | 'problem' | 'unknown';

/** What a check has found: one line of what it is, and one of what to do. */
export interface Finding {
  readonly check: string;
  readonly level: FindingLevel;
  readonly what: string;
  readonly fix?: string;
}

/** What a check says; its name is added to that. */
export type Found = Omit<Finding, 'check'>;

export const ok = (what: string): Found => ({ level: 'ok', what });
export const note = (what: string, fix?: string): Found => ({
  level: 'note',
  what,
  ...(fix === undefined ? {} : { fix }),
});
export const problem = (what: string, fix: string): Found => ({ level: 'problem', what, fix });
export const unknown = (what: string, fix?: string): Found => ({
  level: 'unknown',
  what,
  ...(fix === undefined ? {} : { fix }),
});

/** The handler that is examined, and what it takes to look at it. */
export interface Subject {
  readonly connection: HandlerConnection;
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

export function subjectOf(connection: HandlerConnection, now: () => number): Subject {
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

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
] as const;

/** In the largest unit of which there are two or more: `90s`, `45m`, `30h`, `12d`. */
export function durationText(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  for (const [unit, size] of UNITS)
    if (seconds >= 2 * size) return `${Math.floor(seconds / size)}${unit}`;
  return `${seconds}s`;
}

/** A number with its noun. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}
