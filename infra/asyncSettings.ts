import { Reference, Token, Tokenization } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';

/** The version or alias through which a function is invoked. */
export function qualifierOf(invoked: lambda.IFunction): string {
  if ('aliasName' in invoked) return String(invoked.aliasName);
  if ('version' in invoked) return String(invoked.version);
  const { functionArn } = invoked;
  const parts = Token.isUnresolved(functionArn) ? [] : functionArn.split(':');
  return parts[7] ?? '$LATEST';
}

/** The name of a function without its qualifier. */
export function nameOf(invoked: lambda.IFunction): string {
  return 'lambda' in invoked
    ? (invoked.lambda as lambda.IFunction).functionName
    : invoked.functionName;
}

/**
 * Looks for what else sets how the function of `own` is invoked asynchronously: Lambda keeps one
 * set for each version or alias, so that one of the two would fail to deploy.
 *
 * @returns a message for each, with the fix
 */
export function otherAsyncSettings(own: lambda.CfnEventInvokeConfig): string[] {
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
  const target = targetOf(one);
  return one === other || (target !== undefined && target === targetOf(other));
}

/** The construct that a name refers to. */
function targetOf(name: string) {
  const token = Tokenization.reverseCompleteString(name);
  return Reference.isReference(token) ? token.target : undefined;
}
