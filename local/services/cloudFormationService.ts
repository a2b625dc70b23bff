import { randomUUID } from 'node:crypto';
import type { DeployedStack } from '../template/deployedStack.ts';
import { type Service, type ServiceResponse, type XmlValue, xmlOf } from './service.ts';

const XML = { 'content-type': 'text/xml' };

type Operation = (stack: DeployedStack) => { readonly [name: string]: XmlValue };

/** As much of CloudFormation as it takes to find what a stack holds. */
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
  DescribeStacks: ({ stackId, stackName, deployedAt, outputs }) => ({
    Stacks: [
      {
        StackId: stackId,
        StackName: stackName,
        CreationTime: deployedAt,
        StackStatus: 'CREATE_COMPLETE',
        Outputs: outputs.map(({ key, value }) => ({ OutputKey: key, OutputValue: value })),
      },
    ],
  }),
};

/** CloudFormation's reading calls, on the one stack that runs. */
export function cloudFormationService(stack: DeployedStack): Service {
  return ({ body }) => {
    const parameters = new URLSearchParams(body);
    const action = parameters.get('Action') ?? '';
    const operation = OPERATIONS[action];
    if (operation === undefined)
      return failure(
        'InvalidAction',
        `${action}: a local run knows ${Object.keys(OPERATIONS).join(', ')} only`,
      );
    const name = parameters.get('StackName') ?? stack.stackName;
    if (name !== stack.stackName && name !== stack.stackId)
      return failure('ValidationError', `Stack with id ${name} does not exist`);
    return answer(200, {
      [`${action}Response`]: {
        [`${action}Result`]: operation(stack),
        ResponseMetadata: { RequestId: randomUUID() },
      },
    });
  };
}

function failure(code: string, message: string): ServiceResponse {
  const error = { Type: 'Sender', Code: code, Message: message };
  return answer(400, { ErrorResponse: { Error: error, RequestId: randomUUID() } });
}

function answer(status: number, body: XmlValue): ServiceResponse {
  return { status, headers: XML, body: xmlOf(body) };
}
