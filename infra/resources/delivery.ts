import { type Duration, Reference, Token, Tokenization } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct, type IConstruct } from 'constructs';
import { TABLE } from '../../shared/config.ts';
import { acknowledgeWildcard } from '../acknowledgements.ts';
import { ConfigurationError } from '../configurationError.ts';
import { checkPlace } from '../given/place.ts';
import { leadingKeys, USER_KEYS_REASON } from './allow.ts';
import type { Prefixes } from './bucket.ts';
import { keyAccess } from './encryption.ts';

interface DeliveryProps {
  readonly processor: lambda.IFunction;
  readonly table: dynamodb.ITable | undefined;
  readonly bucket: s3.IBucket | undefined;
  readonly prefixes: Prefixes;
  /** Receives Lambda's report of how each invocation ended. */
  readonly outcomeQueue: sqs.IQueue;
  /** How long Lambda may keep an invocation in its queue before the function starts. */
  readonly invocationAge: Duration;
}

/**
 * Connects the user's processor: allows it to read results and to keep its own records in the table,
 * and makes Lambda report how each of its invocations ended.
 *
 * Every resource is created in this scope. `grantRead` and `configureAsyncInvoke` would refer from the
 * processor's stack to this one, which already refers to the processor: a cycle.
 *
 * @throws ConfigurationError if the handler cannot invoke the processor
 */
export class Delivery extends Construct {
  constructor(scope: Construct, id: string, props: DeliveryProps) {
    super(scope, id);
    const { processor, table, bucket, prefixes, outcomeQueue, invocationAge } = props;
    const role = roleOf(processor, this);
    const policy = new iam.Policy(this, 'Policy', { roles: [role] });
    this.#allowObjects(policy, bucket, prefixes.batches, ['s3:GetObject']);
    this.#allowObjects(policy, bucket, prefixes.processed, [
      's3:GetObject',
      's3:PutObject',
      's3:AbortMultipartUpload',
    ]);
    const once = ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:DeleteItem'];
    if (table)
      policy.addStatements(
        new iam.PolicyStatement({
          actions: once,
          resources: [table.tableArn],
          conditions: leadingKeys([TABLE.oncePrefix]),
        }),
      );
    this.#allowKey(policy, table?.encryptionKey, once);
    const { queueArn, encryptionMasterKey } = outcomeQueue;
    const send = ['sqs:SendMessage'];
    policy.addStatements(new iam.PolicyStatement({ actions: send, resources: [queueArn] }));
    this.#allowKey(policy, encryptionMasterKey, send);

    const destination = { destination: queueArn };
    const config = new lambda.CfnEventInvokeConfig(this, 'AsyncSettings', {
      functionName: nameOf(processor),
      qualifier: qualifierOf(processor),
      // The handler retries deliveries itself, with the backoff of its own policy.
      maximumRetryAttempts: 0,
      maximumEventAgeInSeconds: invocationAge.toSeconds(),
      destinationConfig: { onSuccess: destination, onFailure: destination },
    });
    // Lambda rejects a destination that the function's role may not yet send to.
    config.node.addDependency(policy);
    // The settings refer to the function, but to an alias only by its name.
    if ('aliasName' in processor) config.node.addDependency(processor);
    this.node.addValidation({ validate: () => conflictingAsyncSettings(config) });
  }

  #allowObjects(
    policy: iam.Policy,
    bucket: s3.IBucket | undefined,
    prefix: string,
    actions: string[],
  ): void {
    if (!bucket) return;
    const arn = bucket.arnForObjects(`${prefix}*`);
    policy.addStatements(new iam.PolicyStatement({ actions, resources: [arn] }));
    acknowledgeWildcard(policy, arn, USER_KEYS_REASON);
    this.#allowKey(policy, bucket.encryptionKey, actions);
  }

  #allowKey(policy: iam.Policy, key: kms.IKey | undefined, actions: string[]): void {
    const access = keyAccess(this, key, actions);
    if (access) policy.addStatements(new iam.PolicyStatement(access));
  }
}

/**
 * The role of a processor that the handler can invoke.
 *
 * @throws ConfigurationError if the processor is in another account or region, or its role is unknown
 */
function roleOf(processor: lambda.IFunction, scope: Construct): iam.IRole {
  checkPlace(
    scope,
    processor,
    'the processor',
    (what) =>
      `deploy both to the same ${what}, and let the processor forward what another ${what} needs`,
  );
  if (!processor.role) {
    throw new ConfigurationError(
      `the role of the processor ${processor.node.path} is not known, and the handler must allow it to read the results: import the function with lambda.Function.fromFunctionAttributes(this, id, { functionArn, role }), or set processorRoleArn in cdk.json`,
    );
  }
  return processor.role;
}

/** The version or alias that the handler invokes. */
function qualifierOf(processor: lambda.IFunction): string {
  if ('aliasName' in processor) return String(processor.aliasName);
  if ('version' in processor) return String(processor.version);
  const { functionArn } = processor;
  const parts = Token.isUnresolved(functionArn) ? [] : functionArn.split(':');
  return parts[7] ?? '$LATEST';
}

/** The function's name without its qualifier. */
function nameOf(processor: lambda.IFunction): string {
  return 'lambda' in processor
    ? (processor.lambda as lambda.IFunction).functionName
    : processor.functionName;
}

/**
 * Finds other async settings of the same function. Lambda keeps one for each version or alias, so the
 * second would fail to deploy.
 *
 * @returns an error message with the fix for each
 */
function conflictingAsyncSettings(own: lambda.CfnEventInvokeConfig): string[] {
  return own.node.root.node
    .findAll()
    .filter((node) => node instanceof lambda.CfnEventInvokeConfig)
    .filter((other) => other !== own && other.qualifier === own.qualifier)
    .filter((other) => isSameFunction(other.functionName, own.functionName))
    .map(
      (other) =>
        `the processor has async settings already, at ${other.node.path}: pass an alias without any as the processor, such as new lambda.Alias(this, id, { aliasName: 'batches', version: fn.currentVersion })`,
    );
}

function isSameFunction(one: string, other: string): boolean {
  const construct = constructNamedBy(one);
  return one === other || (construct !== undefined && construct === constructNamedBy(other));
}

/** The construct that a name is a reference to. */
function constructNamedBy(name: string): IConstruct | undefined {
  const token = Tokenization.reverseCompleteString(name);
  return Reference.isReference(token) ? token.target : undefined;
}
