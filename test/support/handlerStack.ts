import { readFileSync } from 'node:fs';
import { App, Stack, type StackProps } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { BatchHandler } from '../../infra/batchHandler.ts';
import type { BatchHandlerProps } from '../../infra/batchHandlerProps.ts';
import { LlmProvider } from '../../infra/providers/llmProvider.ts';

/** The feature flags that the project deploys with. */
export const FLAGS = JSON.parse(readFileSync('cdk.json', 'utf8')).context as object;

export const ENV = { account: '111111111111', region: 'eu-west-1' };

/** An app whose code is only named, not staged, which takes most of the time of a synthesis. */
export function newApp(context: object = {}): App {
  return new App({ context: { ...FLAGS, 'aws:cdk:bundling-stacks': [], ...context } });
}

export function newStack(app = newApp(), id = 'Test', props: StackProps = {}): Stack {
  return new Stack(app, id, props);
}

/** A function as somebody would write it who uses the construct. */
export function newProcessor(
  scope: Construct,
  props: Partial<lambda.FunctionProps> = {},
): lambda.Function {
  return new lambda.Function(scope, 'Mine', {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline('exports.handler = async () => {};'),
    ...props,
  });
}

export function newHandler(
  scope: Construct,
  { id = 'Batches', ...props }: Partial<BatchHandlerProps> & { id?: string } = {},
): BatchHandler {
  return new BatchHandler(scope, id, {
    processor: props.processor ?? newProcessor(scope),
    providers: { openai: LlmProvider.openAi() },
    ...props,
  });
}

/** The template of a stack that holds one handler. */
export function templateWith(props: Partial<BatchHandlerProps> = {}): Template {
  const stack = newStack();
  newHandler(stack, props);
  return Template.fromStack(stack);
}

export interface TemplateResource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template holds whatever CloudFormation takes.
  readonly Properties: Record<string, any>;
  readonly DeletionPolicy?: string;
  readonly DependsOn?: readonly string[];
}

/** The resources of a type, by logical id. */
export function resourcesOf(template: Template, type: string): Record<string, TemplateResource> {
  return template.findResources(type) as Record<string, TemplateResource>;
}

/** The one resource of a type whose logical id begins so. */
export function resourceOf(template: Template, type: string, prefix: string) {
  const found = Object.entries(resourcesOf(template, type)).filter(([id]) => id.startsWith(prefix));
  const [first] = found;
  if (!first || found.length > 1) {
    throw new Error(`${found.length} resources of type ${type} begin with ${prefix}`);
  }
  return { logicalId: first[0], ...first[1] };
}
