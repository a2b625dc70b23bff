import { type Account, arnOf, functionUrl, physicalName } from './account.ts';

/** The names of a resource. */
export interface Identity {
  /** The physical name. */
  readonly name: string;
  readonly arn: string;
  /** The value of `Ref`. */
  readonly ref: string;
  /** The values of `Fn::GetAtt`. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** A resource that has its names. */
export interface Named {
  /** It is unique in its stack only. */
  readonly logicalId: string;
  /** The physical name. */
  readonly name: string;
  readonly arn: string;
}

/** Whether a text is the name or the ARN of a function, with or without a qualifier. */
export function isNamed(text: string | undefined, name: string, arn: string): boolean {
  return [name, arn].some((id) => text === id || text?.startsWith(`${id}:`));
}

/** A resource that is to be named. */
interface NamedResource {
  readonly logicalId: string;
  readonly account: Account;
  /** The value of a property, with its intrinsics resolved. Undefined if the template has none. */
  property(name: string): string | undefined;
}

type Identify = (resource: NamedResource) => Identity;

/** A resource whose `Ref` is its name and whose only attribute is its ARN. */
function named(nameProperty: string, service: string, arnPrefix = ''): Identify {
  return ({ logicalId, account, property }) => {
    const name = property(nameProperty) ?? physicalName(account, logicalId);
    const arn = arnOf(account, service, `${arnPrefix}${name}`);
    return { name, arn, ref: name, attributes: { Arn: arn } };
  };
}

const queue: Identify = ({ logicalId, account, property }) => {
  const name = property('QueueName') ?? physicalName(account, logicalId);
  const arn = arnOf(account, 'sqs', name);
  const url = `${account.queueBaseUrl}/${account.accountId}/${name}`;
  return { name, arn, ref: url, attributes: { Arn: arn, QueueName: name, QueueUrl: url } };
};

const bucket: Identify = ({ logicalId, account, property }) => {
  const name = property('BucketName') ?? physicalName(account, logicalId, 63).toLowerCase();
  const arn = `arn:${account.partition}:s3:::${name}`;
  return {
    name,
    arn,
    ref: name,
    attributes: {
      Arn: arn,
      DomainName: `${name}.s3.amazonaws.com`,
      RegionalDomainName: `${name}.s3.${account.region}.amazonaws.com`,
    },
  };
};

const secret: Identify = ({ logicalId, account, property }) => {
  // CloudFormation's name of a secret is not prefixed with the stack's. CDK relies on the two parts.
  const name = property('Name') ?? `${logicalId}-local`;
  // Secrets Manager appends a dash and six random characters to the name.
  const arn = arnOf(account, 'secretsmanager', `secret:${name}-local1`);
  return { name, arn, ref: arn, attributes: { Id: arn } };
};

const role: Identify = ({ logicalId, account, property }) => {
  const name = property('RoleName') ?? physicalName(account, logicalId);
  const arn = `arn:${account.partition}:iam::${account.accountId}:role/${name}`;
  return { name, arn, ref: name, attributes: { Arn: arn, RoleId: name } };
};

/** A version or an alias. Its `Ref` is the function's ARN with the qualifier. */
function qualified(qualifierOf: (resource: NamedResource) => string): Identify {
  return (resource) => {
    const functionName = resource.property('FunctionName') ?? '';
    const name = qualifierOf(resource);
    const base = functionName.startsWith('arn:')
      ? functionName
      : arnOf(resource.account, 'lambda', `function:${functionName}`);
    const arn = `${base}:${name}`;
    return { name, arn, ref: arn, attributes: { AliasArn: arn, FunctionArn: arn, Version: name } };
  };
}

/** A function URL. Its `Ref` is the ARN of the function. */
const url: Identify = ({ logicalId, account, property }) => {
  const arn = property('TargetFunctionArn') ?? '';
  const target = arn.split(':').at(-1) ?? '';
  return {
    name: physicalName(account, logicalId),
    arn,
    ref: arn,
    attributes: { FunctionArn: arn, FunctionUrl: functionUrl(account, target) },
  };
};

/** A resource to which others refer only by name. */
const nameOnly: Identify = ({ logicalId, account }) => {
  const name = physicalName(account, logicalId);
  return { name, arn: '', ref: name, attributes: { Id: name } };
};

const key: Identify = ({ logicalId, account }) => {
  const name = physicalName(account, logicalId);
  const arn = arnOf(account, 'kms', `key/${name}`);
  return { name, arn, ref: name, attributes: { Arn: arn, KeyId: name } };
};

const eventBus: Identify = (resource) => {
  const identity = named('Name', 'events', 'event-bus/')(resource);
  return { ...identity, attributes: { ...identity.attributes, Name: identity.name } };
};

/** The resource types that the local run emulates. */
const EMULATED: Readonly<Record<string, Identify>> = {
  'AWS::DynamoDB::GlobalTable': named('TableName', 'dynamodb', 'table/'),
  'AWS::DynamoDB::Table': named('TableName', 'dynamodb', 'table/'),
  'AWS::Events::EventBus': eventBus,
  'AWS::Events::Rule': named('Name', 'events', 'rule/'),
  'AWS::Lambda::Alias': qualified((resource) => resource.property('Name') ?? ''),
  'AWS::Lambda::EventInvokeConfig': nameOnly,
  'AWS::Lambda::EventSourceMapping': nameOnly,
  'AWS::Lambda::Function': named('FunctionName', 'lambda', 'function:'),
  'AWS::Lambda::Url': url,
  'AWS::Lambda::Version': qualified(() => '1'),
  'AWS::S3::Bucket': bucket,
  'AWS::SQS::Queue': queue,
  'AWS::Scheduler::Schedule': named('Name', 'scheduler', 'schedule/default/'),
  'AWS::SecretsManager::Secret': secret,
};

/** The resource types that have no effect locally, such as permissions and alarms. */
const INERT: Readonly<Record<string, Identify>> = {
  'AWS::CDK::Metadata': nameOnly,
  'AWS::CloudWatch::Alarm': named('AlarmName', 'cloudwatch', 'alarm:'),
  'AWS::CloudWatch::Dashboard': named('DashboardName', 'cloudwatch', 'dashboard/'),
  'AWS::Events::EventBusPolicy': nameOnly,
  'AWS::IAM::ManagedPolicy': nameOnly,
  'AWS::IAM::Policy': nameOnly,
  'AWS::IAM::Role': role,
  'AWS::KMS::Alias': named('AliasName', 'kms'),
  'AWS::KMS::Key': key,
  'AWS::Lambda::Permission': nameOnly,
  'AWS::Logs::LogGroup': named('LogGroupName', 'logs', 'log-group:'),
  'AWS::Logs::QueryDefinition': nameOnly,
  'AWS::S3::BucketPolicy': nameOnly,
  'AWS::SQS::QueuePolicy': nameOnly,
  'AWS::Scheduler::ScheduleGroup': named('Name', 'scheduler', 'schedule-group/'),
  'AWS::SecretsManager::ResourcePolicy': nameOnly,
};

/** All resource types that the local run supports. */
export const IDENTITIES: Readonly<Record<string, Identify>> = { ...EMULATED, ...INERT };

/** The unsupported types whose `Ref` is an ARN. */
const REF_IS_ARN = new Set(['AWS::SNS::Topic', 'AWS::StepFunctions::StateMachine']);

/** Names an unsupported resource, so that functions can have it in their environment. */
export function identifyUnknown(type: string): Identify {
  return ({ logicalId, account }) => {
    const name = physicalName(account, logicalId);
    const arn = arnOf(account, type.split('::')[1]?.toLowerCase() ?? '', name);
    return { name, arn, ref: REF_IS_ARN.has(type) ? arn : name, attributes: { Arn: arn } };
  };
}
