import { CfnElement, Stack } from 'aws-cdk-lib';
import type { Construct, IConstruct } from 'constructs';
import type { HandlerResources } from './resources/functions.ts';

/** The logical id of a construct's resource. Undefined if the resource is not in this stack. */
export function logicalIdOf(stack: Stack, construct: IConstruct): string | undefined {
  const child = construct.node.defaultChild;
  if (child === undefined || !CfnElement.isCfnElement(child)) return undefined;
  return child.stack === stack ? child.logicalId : undefined;
}

/** Whether users find some of these by outputs of the handler's stack. */
export function isNamedByOutputs(
  handler: Construct,
  { table, bucket, queues }: Pick<HandlerResources, 'table' | 'bucket' | 'queues'>,
): boolean {
  const stack = Stack.of(handler);
  const found = [table, bucket, queues.intake?.queue, queues.intake?.deadLetterQueue];
  return found.some((each) => each && logicalIdOf(stack, each) === undefined);
}
