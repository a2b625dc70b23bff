import { randomUUID } from 'node:crypto';
import type { Account } from '../template/account.ts';
import {
  type Assembly,
  type SynthesizedStack,
  stacksOf,
  type Template,
} from '../template/assembly.ts';
import { externalsOf, localized } from '../template/external.ts';
import { resolve, type StackScope, scopesOf } from '../template/intrinsics.ts';
import { type Service, type ServiceResponse, type XmlValue, xmlOf } from './service.ts';

/** The stack as CloudFormation describes it. */
export interface DeployedStack {
  readonly stackName: string;
  readonly stackId: string;
  readonly template: Template;
  /** ISO 8601. */
  readonly deployedAt: string;
  readonly resources: readonly {
    readonly logicalId: string;
    /** The value of `Ref`. */
    readonly physicalId: string;
    readonly type: string;
  }[];
  readonly outputs: readonly { readonly key: string; readonly value: string }[];
}

/**
 * The stacks of a local run, its own first.
 *
 * @param account with the base of the queue URLs that users of the stack can reach
 */
export function deployedStacks(
  assembly: Assembly,
  account: Account,
  now: number,
): readonly DeployedStack[] {
  const scopes = scopesOf(assembly, account);
  const externals = externalsOf(assembly, scopes, account);
  return stacksOf(assembly).flatMap((stack, index) => {
    const scope = scopes[index];
    return scope ? [deployedStack(stack, scope, now, externals)] : [];
  });
}

function deployedStack(
  { stackName, template }: SynthesizedStack,
  scope: StackScope,
  now: number,
  externals: ReturnType<typeof externalsOf>,
): DeployedStack {
  const exists = ([, { Condition }]: [string, { Condition?: string | undefined }]) =>
    Condition === undefined || scope.condition(Condition);
  const resources = Object.entries(template.Resources)
    .filter(exists)
    .map(([logicalId, { Type: type }]) => {
      return { logicalId, physicalId: scope.identityOf(logicalId).ref, type };
    });
  const outputs = Object.entries(template.Outputs)
    .filter(exists)
    .map(([key, { Value: value }]) => ({
      key,
      value: String(localized(resolve(value, scope), externals)),
    }));
  const stackId = String(scope.reference('AWS::StackId'));
  const deployedAt = new Date(now).toISOString();
  return { stackName, stackId, template, deployedAt, resources, outputs };
}

const XML = { 'content-type': 'text/xml' };

type Operation = (
  stack: DeployedStack,
  named: readonly DeployedStack[],
) => { readonly [name: string]: XmlValue };

/** The operations that find the resources of a stack. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  GetTemplateSummary: ({ template }) => ({ Metadata: JSON.stringify(template.Metadata) }),
  GetTemplate: ({ template }) => ({ TemplateBody: JSON.stringify(template) }),
  ListStackResources: ({ resources, deployedAt }) => ({
    StackResourceSummaries: resources.map(({ logicalId, physicalId, type }) => ({
      LogicalResourceId: logicalId,
      PhysicalResourceId: physicalId,
      ResourceType: type,
      ResourceStatus: 'CREATE_COMPLETE',
      LastUpdatedTimestamp: deployedAt,
    })),
  }),
  DescribeStacks: (_, named) => ({
    Stacks: named.map(({ stackId, stackName, deployedAt, outputs }) => ({
      StackId: stackId,
      StackName: stackName,
      CreationTime: deployedAt,
      StackStatus: 'CREATE_COMPLETE',
      Outputs: outputs.map(({ key, value }) => ({ OutputKey: key, OutputValue: value })),
    })),
  }),
};

/** CloudFormation, with the stacks that run and without operations that change them. */
export function cloudFormationService(stacks: readonly DeployedStack[]): Service {
  return ({ body }) => {
    const parameters = new URLSearchParams(body);
    const action = parameters.get('Action') ?? '';
    const operation = OPERATIONS[action];
    if (operation === undefined)
      return errorResponse(
        'InvalidAction',
        `${action} is not supported in a local run, which supports ${Object.keys(OPERATIONS).join(', ')}`,
      );
    const name = parameters.get('StackName');
    const named = stacks.filter(
      ({ stackName, stackId }) => name === null || name === stackName || name === stackId,
    );
    const [stack] = named;
    if (stack === undefined)
      return errorResponse('ValidationError', `Stack with id ${name} does not exist`);
    return xmlResponse(200, {
      [`${action}Response`]: {
        [`${action}Result`]: operation(stack, named),
        ResponseMetadata: { RequestId: randomUUID() },
      },
    });
  };
}

function errorResponse(code: string, message: string): ServiceResponse {
  const error = { Type: 'Sender', Code: code, Message: message };
  return xmlResponse(400, { ErrorResponse: { Error: error, RequestId: randomUUID() } });
}

function xmlResponse(status: number, body: XmlValue): ServiceResponse {
  return { status, headers: XML, body: xmlOf(body) };
}
