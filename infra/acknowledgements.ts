import { Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Suppresses one finding of cdk-nag on a construct. `reason` says why the finding does not apply. */
export function acknowledge(construct: IConstruct, id: string, reason: string): void {
  Validations.of(construct).acknowledge({ id, reason });
}

/** Suppresses the finding about the wildcard in one resource of a policy. Other wildcards are still reported. */
export function acknowledgeWildcard(construct: IConstruct, arn: string, reason: string): void {
  const now = formatForNag(Stack.of(construct).resolve(arn));
  acknowledge(construct, `AwsSolutions-IAM5[Resource::${now}]`, reason);
  // CDK replaces references to other stacks at synthesis, just before it validates.
  const validate = () => {
    const resource = formatForNag(Stack.of(construct).resolve(arn));
    if (resource !== now)
      acknowledge(construct, `AwsSolutions-IAM5[Resource::${resource}]`, reason);
    return [];
  };
  construct.node.addValidation({ validate });
}

/** Formats an ARN as cdk-nag does: `<LogicalId.Arn>/prefix/*`. */
function formatForNag(value: unknown): string {
  if (typeof value === 'string') return value;
  const [name = '', argument] = Object.entries(value as object)[0] ?? [];
  switch (name) {
    case 'Fn::Join':
      return (argument[1] as unknown[]).map(formatForNag).join(argument[0]);
    case 'Fn::GetAtt':
      return `<${argument[0]}.${argument[1]}>`;
    case 'Ref':
      return `<${argument}>`;
    default:
      return JSON.stringify(value);
  }
}
