import { CfnResource, Stack } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';

/** Bytes of a function's environment: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_BYTES = 4096;
const FIX =
  'divide the entries and inputBuckets between two handlers, or give the entries shorter names';

/**
 * Lets the synthesis fail where a deployment would, in its middle: with many provider entries, the
 * environment of a function outgrows what Lambda takes. (A policy that is too large is split by CDK.)
 */
export function checkEnvironments(handler: Construct, entries: number): void {
  const validate = () => {
    const examples = new Examples(Stack.of(handler));
    const functions = handler.node.findAll().filter((node) => node instanceof lambda.Function);
    return functions.flatMap((each) => {
      const bytes = bytesOf(each, examples);
      if (bytes <= MAX_BYTES) return [];
      return [
        `the environment of ${each.node.path} has about ${bytes} bytes with ${entries} provider entries, and Lambda takes ${MAX_BYTES}: ${FIX}`,
      ];
    });
  };
  handler.node.addValidation({ validate });
}

function bytesOf(target: lambda.Function, examples: Examples): number {
  const { environment } = target.node.defaultChild as lambda.CfnFunction;
  const { variables = {} } = target.stack.resolve(environment) ?? {};
  const texts = Object.entries(variables).map(([name, value]) => name + examples.textOf(value));
  return Buffer.byteLength(texts.join(''));
}

/** The longest of the regions that are enabled by default. */
const REGION = 'ap-southeast-1';
const ACCOUNT = '123456789012';
const PSEUDO_PARAMETERS: Readonly<Record<string, string>> = {
  'AWS::Region': REGION,
  'AWS::AccountId': ACCOUNT,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
};

/** To how many characters CloudFormation cuts a name that it makes. */
const MAX_NAME: Readonly<Record<string, number>> = {
  'AWS::Lambda::Function': 64,
  'AWS::S3::Bucket': 63,
  'AWS::SQS::Queue': 80,
};

/** Examples of what only a deployment knows, as long as there or a little longer. */
class Examples {
  readonly #stackName: string;
  readonly #types: ReadonlyMap<string, string>;

  constructor(stack: Stack) {
    this.#stackName = stack.stackName;
    const resources = stack.node.findAll().filter((node) => CfnResource.isCfnResource(node));
    this.#types = new Map(
      resources.map((each) => [stack.resolve(each.logicalId), each.cfnResourceType]),
    );
  }

  /** The text that a resolved value stands for. */
  textOf(value: unknown): string {
    if (typeof value !== 'object' || value === null) return String(value);
    const [[name, argument] = ['']] = Object.entries(value);
    switch (name) {
      case 'Ref':
        return PSEUDO_PARAMETERS[argument] ?? this.#ofResource(argument, 'Ref');
      case 'Fn::GetAtt':
        return this.#ofResource(argument[0], argument[1]);
      case 'Fn::Join':
        return argument[1].map((part: unknown) => this.textOf(part)).join(argument[0]);
      case 'Fn::Select':
        return this.#partsOf(argument[1])[argument[0]] ?? '';
      default:
        // A reference to another stack.
        return 'x'.repeat(100);
    }
  }

  #partsOf(value: { readonly 'Fn::Split'?: readonly [string, unknown] }): readonly string[] {
    const { 'Fn::Split': [separator, text] = ['', ''] } = value;
    return this.textOf(text).split(separator);
  }

  #ofResource(logicalId: string, attribute: string): string {
    const type = this.#types.get(logicalId) ?? '';
    // CloudFormation names no secret after its stack.
    if (type === 'AWS::SecretsManager::Secret')
      return `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${logicalId}-abcdefghijkl-abcdef`;
    const name = `${this.#stackName}-${logicalId}-abcdefghijkl`.slice(0, MAX_NAME[type] ?? 255);
    if (attribute === 'FunctionUrl')
      return `https://abcdefghijklmnopqrstuvwxyz123456.lambda-url.${REGION}.on.aws/`;
    if (attribute !== 'Ref') return `arn:aws:dynamodb:${REGION}:${ACCOUNT}:function:${name}`;
    return type === 'AWS::SQS::Queue'
      ? `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${name}`
      : name;
  }
}
