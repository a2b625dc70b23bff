import { type Account, pseudoParameter } from './account.ts';
import type { Assembly } from './assembly.ts';
import { resolve } from './intrinsics.ts';
import { scopeOf } from './scope.ts';
import type { Template } from './template.ts';

/** The stack as CloudFormation would tell of it. */
export interface DeployedStack {
  readonly stackName: string;
  readonly stackId: string;
  readonly template: Template;
  /** ISO 8601. */
  readonly deployedAt: string;
  readonly resources: readonly {
    readonly logicalId: string;
    /** What `Ref` gives. */
    readonly physicalId: string;
    readonly type: string;
  }[];
  readonly outputs: readonly { readonly key: string; readonly value: string }[];
}

/** @param account with the base of queue URLs as the users of the stack reach them */
export function deployedStack(
  { stackName, template }: Assembly,
  account: Account,
  now: number,
): DeployedStack {
  const scope = scopeOf(template, account);
  const isThere = ([, { Condition }]: [string, { Condition?: string | undefined }]) =>
    Condition === undefined || scope.condition(Condition);
  const resources = Object.entries(template.Resources)
    .filter(isThere)
    .map(([logicalId, { Type: type }]) => {
      return { logicalId, physicalId: scope.identityOf(logicalId).ref, type };
    });
  const outputs = Object.entries(template.Outputs)
    .filter(isThere)
    .map(([key, { Value: value }]) => ({ key, value: String(resolve(value, scope)) }));
  const stackId = pseudoParameter(account, 'AWS::StackId') ?? '';
  const deployedAt = new Date(now).toISOString();
  return { stackName, stackId, template, deployedAt, resources, outputs };
}
