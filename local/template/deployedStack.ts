import { type Account, pseudoParameter } from './account.ts';
import type { Assembly } from './assembly.ts';
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
}

/** @param account with the base of queue URLs as the users of the stack reach them */
export function deployedStack(
  { stackName, template }: Assembly,
  account: Account,
  now: number,
): DeployedStack {
  const scope = scopeOf(template, account);
  const resources = Object.entries(template.Resources)
    .filter(([, { Condition }]) => Condition === undefined || scope.condition(Condition))
    .map(([logicalId, { Type: type }]) => {
      return { logicalId, physicalId: scope.identityOf(logicalId).ref, type };
    });
  const stackId = pseudoParameter(account, 'AWS::StackId') ?? '';
  return { stackName, stackId, template, deployedAt: new Date(now).toISOString(), resources };
}
