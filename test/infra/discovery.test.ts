import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import { LlmProvider } from '../../infra/providers/llmProvider.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { METADATA_KEY, stackMetadataSchema } from '../../shared/handlerMetadata.ts';
import { KINDS } from '../../shared/providers/kinds.ts';
import { settingsSchema } from '../../shared/settings.ts';
import { newApp, newHandler, newProcessor, newStack } from '../support/handlerStack.ts';

const metadataOf = (template: Template) =>
  stackMetadataSchema.parse(template.toJSON().Metadata)[METADATA_KEY];
const typeOf = (template: Template, logicalId = '') =>
  template.toJSON().Resources[logicalId]?.Type?.split('::').at(-1);

describe('the description of handlers in a template', () => {
  it('names the resources of a handler by logical id', () => {
    // Prepare
    const stack = newStack();
    const providers = { openai: LlmProvider.openAi({ webhook: true }) };
    newHandler(stack, { providers, collector: {}, api: true });

    // Act
    const template = Template.fromStack(stack);
    const handlers = metadataOf(template);

    // Assess
    expect(Object.keys(handlers)).toEqual(['Test/Batches']);
    const { resources, secrets } = handlers['Test/Batches'] ?? {};
    const types = Object.entries(resources ?? {}).map(([name, id]) => [name, typeOf(template, id)]);
    expect(Object.fromEntries(types)).toEqual({
      table: 'GlobalTable',
      bucket: 'Bucket',
      batchQueue: 'Queue',
      deadLetterQueue: 'Queue',
      workQueue: 'Queue',
      workDeadLetterQueue: 'Queue',
      outcomeQueue: 'Queue',
      outcomeDeadLetterQueue: 'Queue',
      collectorQueue: 'Queue',
      collectorDeadLetterQueue: 'Queue',
      intake: 'Function',
      sweeper: 'Function',
      worker: 'Function',
      outcome: 'Function',
      collector: 'Function',
      webhook: 'Function',
      api: 'Function',
      processor: 'Function',
      schedule: 'Schedule',
    });
    expect(typeOf(template, secrets?.openai)).toBe('Secret');
  });

  it('names the log group of the processor, and the limits of each entry, with those of its kind', () => {
    const stack = newStack();
    const logGroup = new LogGroup(stack, 'Logs');
    const processor = newProcessor(stack, { logGroup });
    const limits = { maxInFlight: 3 };
    const providers = { claude: LlmProvider.anthropic({ limits }), openai: LlmProvider.openAi() };
    newHandler(stack, { processor, providers });
    const template = Template.fromStack(stack);
    const metadata = metadataOf(template)['Test/Batches'];
    expect(typeOf(template, metadata?.resources.processorLog)).toBe('LogGroup');
    expect(metadata?.limits?.claude).toEqual({ ...KINDS.anthropic.limits, maxInFlight: 3 });
    expect(metadata?.limits?.openai).toEqual(KINDS.openai.limits);
  });

  it('holds the version of the package', () => {
    const stack = newStack();
    newHandler(stack);
    const { version } = metadataOf(Template.fromStack(stack))['Test/Batches'] ?? {};
    expect(version).toBe(packageJson.version);
  });

  it('holds the settings as the functions have them', () => {
    const stack = newStack();
    const prices = { '*': { input: 1.25, output: 10 } };
    const openai = LlmProvider.openAi({ prices });
    newHandler(stack, { providers: { openai }, policy: { maxAttempts: 3 } });

    const { settings } = metadataOf(Template.fromStack(stack))['Test/Batches'] ?? {};

    const { providers, policy } = settingsSchema.parse(settings);
    expect(providers.openai).toMatchObject({ kind: 'openai', prices });
    expect(policy).toMatchObject({ maxAttempts: 3 });
  });

  it('names both handlers of a stack and keeps other metadata', () => {
    const stack = newStack();
    stack.addMetadata('Mine', 'kept');
    for (const id of ['A', 'B'])
      newHandler(stack, { id, processor: newProcessor(new Construct(stack, `For${id}`)) });

    const template = Template.fromStack(stack);

    expect(Object.keys(metadataOf(template))).toEqual(['Test/A', 'Test/B']);
    expect(template.toJSON().Metadata.Mine).toBe('kept');
  });

  it('describes a secret or processor of another stack only as far as it is known', () => {
    // Prepare
    const app = newApp();
    const other = newStack(app, 'Other');
    const stack = new Stack(app, 'Test');
    const arn = 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:mine-AbCdEf';
    const { fromSecretCompleteArn: imported } = secretsmanager.Secret;
    const openAi = (secret: secretsmanager.ISecret) => LlmProvider.openAi({ secret });
    newHandler(stack, {
      processor: newProcessor(other),
      providers: {
        imported: openAi(imported(stack, 'Imported', arn)),
        named: openAi(secretsmanager.Secret.fromSecretNameV2(stack, 'Named', 'openai-api-key')),
        foreign: openAi(new secretsmanager.Secret(other, 'Foreign') as secretsmanager.ISecret),
      },
    });

    // Act
    const { resources, secrets } = metadataOf(Template.fromStack(stack))['Test/Batches'] ?? {};

    // Assess
    expect(resources?.processor).toBeUndefined();
    expect(secrets).toEqual({ imported: arn, named: 'openai-api-key' });
  });
});
