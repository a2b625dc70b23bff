import { type Account, arnOf, functionUrl, physicalName } from './account.ts';

/** What a resource is called. */
export interface Identity {
  /** The physical name. */
  readonly name: string;
  readonly arn: string;
  /** What `Ref` gives. */
  readonly ref: string;
  /** What `Fn::GetAtt` gives. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** A resource whose name is asked for. */
interface NamedResource {
  readonly logicalId: string;
  readonly account: Account;
  /** A property with its intrinsics resolved; undefined if the template does not give it. */
  property(name: string): string | undefined;
}

export type Identify = (resource: NamedResource) => Identity;

/** A resource whose `Ref` is its name and whose only attribute of note is its ARN. */
export function named(nameProperty: string, service: string, arnPrefix = ''): Identify {
  return ({ logicalId, account, property }) => {
    const name = property(nameProperty) ?? physicalName(account, logicalId);
    const arn = arnOf(account, service, `${arnPrefix}${name}`);
    return { name, arn, ref: name, attributes: { Arn: arn } };
  };
}

export const queue: Identify = ({ logicalId, account, property }) => {
  const name = property('QueueName') ?? physicalName(account, logicalId);
  const arn = arnOf(account, 'sqs', name);
  const url = `${account.queueBaseUrl}/${account.accountId}/${name}`;
  return { name, arn, ref: url, attributes: { Arn: arn, QueueName: name, QueueUrl: url } };
};

export const bucket: Identify = ({ logicalId, account, property }) => {
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

export const secret: Identify = ({ logicalId, account, property }) => {
  const name = property('Name') ?? physicalName(account, logicalId);
  // Secrets Manager appends a dash and six characters of its own to the name.
  const arn = arnOf(account, 'secretsmanager', `secret:${name}-local1`);
  return { name, arn, ref: arn, attributes: { Id: arn } };
};

export const role: Identify = ({ logicalId, account, property }) => {
  const name = property('RoleName') ?? physicalName(account, logicalId);
  const arn = `arn:${account.partition}:iam::${account.accountId}:role/${name}`;
  return { name, arn, ref: name, attributes: { Arn: arn, RoleId: name } };
};

/** A version or an alias: its `Ref` is the function's ARN with the qualifier behind it. */
export function qualified(qualifierOf: (resource: NamedResource) => string): Identify {
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

/** Its `Ref` is the ARN of the function. */
export const url: Identify = ({ logicalId, account, property }) => {
  const arn = property('TargetFunctionArn') ?? '';
  const target = arn.split(':').at(-1) ?? '';
  return {
    name: physicalName(account, logicalId),
    arn,
    ref: arn,
    attributes: { FunctionArn: arn, FunctionUrl: functionUrl(account, target) },
  };
};

/** A resource that nothing refers to but by name. */
export const nameOnly: Identify = ({ logicalId, account }) => {
  const name = physicalName(account, logicalId);
  return { name, arn: '', ref: name, attributes: { Id: name } };
};

export const eventBus: Identify = (resource) => {
  const identity = named('Name', 'events', 'event-bus/')(resource);
  return { ...identity, attributes: { ...identity.attributes, Name: identity.name } };
};
