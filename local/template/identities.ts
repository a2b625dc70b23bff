import { arnOf, physicalName } from './account.ts';
import {
  bucket,
  eventBus,
  type Identify,
  named,
  nameOnly,
  qualified,
  queue,
  role,
  secret,
  url,
} from './identify.ts';

/** Resource types that the local run emulates. */
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

/** Resource types that are accepted and have no effect: nobody is denied or watched locally. */
const INERT: Readonly<Record<string, Identify>> = {
  'AWS::CDK::Metadata': nameOnly,
  'AWS::CloudWatch::Alarm': named('AlarmName', 'cloudwatch', 'alarm:'),
  'AWS::CloudWatch::Dashboard': named('DashboardName', 'cloudwatch', 'dashboard/'),
  'AWS::Events::EventBusPolicy': nameOnly,
  'AWS::IAM::ManagedPolicy': nameOnly,
  'AWS::IAM::Policy': nameOnly,
  'AWS::IAM::Role': role,
  'AWS::KMS::Alias': named('AliasName', 'kms'),
  'AWS::KMS::Key': nameOnly,
  'AWS::Lambda::Permission': nameOnly,
  'AWS::Logs::LogGroup': named('LogGroupName', 'logs', 'log-group:'),
  'AWS::Logs::QueryDefinition': nameOnly,
  'AWS::S3::BucketPolicy': nameOnly,
  'AWS::SQS::QueuePolicy': nameOnly,
  'AWS::Scheduler::ScheduleGroup': named('Name', 'scheduler', 'schedule-group/'),
  'AWS::SecretsManager::ResourcePolicy': nameOnly,
};

/** Every type that the local run knows. */
export const IDENTITIES: Readonly<Record<string, Identify>> = { ...EMULATED, ...INERT };

/** Types of which `Ref` gives the ARN, among those that the local run does not know. */
const REF_IS_ARN = new Set(['AWS::SNS::Topic', 'AWS::StepFunctions::StateMachine']);

/** Names for a resource that is not there: functions may be given them, and find nobody behind. */
export function identifyUnknown(type: string): Identify {
  return ({ logicalId, account }) => {
    const name = physicalName(account, logicalId);
    const arn = arnOf(account, type.split('::')[1]?.toLowerCase() ?? '', name);
    return { name, arn, ref: REF_IS_ARN.has(type) ? arn : name, attributes: { Arn: arn } };
  };
}
