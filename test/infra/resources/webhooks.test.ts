import { Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { parseContext } from '../../../infra/context.ts';
import { LlmProvider } from '../../../infra/providers/llmProvider.ts';
import { BatchHandlerStack } from '../../../infra/stack.ts';
import { ENVIRONMENT } from '../../../shared/config.ts';
import { SECRET_PLACEHOLDER } from '../../../shared/providers/settings.ts';
import {
  newApp,
  newHandler,
  newStack,
  resourceOf,
  resourcesOf,
  templateWith,
} from '../../support/handlerStack.ts';

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: object;
}

/** Two entries are notified, one is not. */
const PROVIDERS = {
  openai: LlmProvider.openAi({ webhook: true }),
  second: LlmProvider.openAi({ webhook: true }),
  quiet: LlmProvider.openAi(),
};

describe('a handler with entries that take webhooks', () => {
  const template = templateWith({ providers: PROVIDERS });
  const receiver = resourceOf(template, 'AWS::Lambda::Function', 'BatchesWebhook');
  const policy = resourceOf(template, 'AWS::IAM::Policy', 'BatchesWebhookRoleDefaultPolicy');
  const statements = policy.Properties.PolicyDocument.Statement as Statement[];

  it('has one function behind a URL, which the signature guards', () => {
    const urls = Object.values(resourcesOf(template, 'AWS::Lambda::Url'));
    expect(urls.map(({ Properties }) => Properties)).toEqual([
      { AuthType: 'NONE', TargetFunctionArn: { 'Fn::GetAtt': [receiver.logicalId, 'Arn'] } },
    ]);
    expect(receiver.Properties.Timeout).toBe(30);
    expect(receiver.Properties.ReservedConcurrentExecutions).toBeUndefined();
  });

  it('may check jobs of these entries, record webhooks, and nothing else', () => {
    const actions = statements.flatMap(({ Action }) => Action);
    expect([...new Set(actions)].sort()).toEqual([
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
      'events:PutEvents',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'secretsmanager:DescribeSecret',
      'secretsmanager:GetSecretValue',
      'sqs:SendMessage',
    ]);
    const onItems = statements.filter(({ Action }) => [Action].flat().includes('dynamodb:PutItem'));
    const keys = onItems.flatMap(
      ({ Condition }) => JSON.stringify(Condition).match(/"[A-Za-z]+#\*"/g) ?? [],
    );
    expect(keys.sort()).toEqual(['"batch#*"', '"provider#*"', '"tenantQueue#*"', '"webhook#*"']);
    const sends = statements.filter(({ Action }) => [Action].flat().includes('sqs:SendMessage'));
    expect(JSON.stringify(sends)).toMatch(/BatchesWorkQueue(?!.*Queue)/);
    const queries = statements.find(({ Action }) => Action === 'dynamodb:Query');
    expect(JSON.stringify(queries?.Resource)).toMatch(/index\/provider(?!.*index)/);
  });

  it('reads the secrets of these entries only', () => {
    const read = statements.filter(({ Action }) =>
      [Action].flat().includes('secretsmanager:GetSecretValue'),
    );
    const secrets = JSON.stringify(read).match(/Batches\w*Secret[a-z]+/g) ?? [];
    expect([...new Set(secrets)].sort()).toEqual([
      'BatchesSecretopenai',
      'BatchesSecretsecond',
      'BatchesWebhookSecretopenai',
      'BatchesWebhookSecretsecond',
    ]);
    const { Variables } = receiver.Properties.Environment;
    for (const name of [ENVIRONMENT.secrets, ENVIRONMENT.webhookSecrets]) {
      expect(JSON.stringify(Variables[name])).toContain('second');
      expect(JSON.stringify(Variables[name])).not.toContain('quiet');
    }
  });

  it('creates signing secrets for their owner to fill in', () => {
    const secret = resourceOf(
      template,
      'AWS::SecretsManager::Secret',
      'BatchesWebhookSecretopenai',
    );
    expect(secret.Properties.SecretString).toBe(SECRET_PLACEHOLDER);
    expect(secret.DeletionPolicy).toBe('Retain');
  });

  it('lets no other function read the signing secrets', () => {
    for (const name of ['Sweeper', 'Worker', 'Intake', 'Outcome']) {
      const other = resourceOf(template, 'AWS::IAM::Policy', `Batches${name}RoleDefaultPolicy`);
      expect(JSON.stringify(other)).not.toContain('WebhookSecret');
    }
  });
});

describe('an entry whose jobs name their own URL', () => {
  const providers = { ...PROVIDERS, gemini: LlmProvider.gemini({ webhook: true }) };
  const template = templateWith({ providers });
  const secretsOf = (name: string) => {
    const policy = resourceOf(template, 'AWS::IAM::Policy', `Batches${name}RoleDefaultPolicy`);
    const found = JSON.stringify(policy).match(/BatchesWebhookSecret[a-z]+/g) ?? [];
    return [...new Set(found)].sort();
  };

  it('has a secret that is generated and never shown', () => {
    const secret = resourceOf(
      template,
      'AWS::SecretsManager::Secret',
      'BatchesWebhookSecretgemini',
    );
    expect(secret.Properties.SecretString).toBeUndefined();
    expect(secret.Properties.GenerateSecretString).toMatchObject({ PasswordLength: 64 });
  });

  it('lets the worker read its secret and no other, and the receiver every one', () => {
    expect(secretsOf('Worker')).toEqual(['BatchesWebhookSecretgemini']);
    expect(secretsOf('Webhook')).toEqual([
      'BatchesWebhookSecretgemini',
      'BatchesWebhookSecretopenai',
      'BatchesWebhookSecretsecond',
    ]);
    for (const name of ['Sweeper', 'Intake', 'Outcome']) expect(secretsOf(name)).toEqual([]);
  });

  it('gives the worker the URL and the secret’s ARN, and no other function', () => {
    const variablesOf = (name: string) =>
      resourceOf(template, 'AWS::Lambda::Function', `Batches${name}`).Properties.Environment
        .Variables;
    const { [ENVIRONMENT.webhookUrl]: url, [ENVIRONMENT.webhookSecrets]: arns } =
      variablesOf('Worker');
    expect(url).toEqual({ 'Fn::GetAtt': [expect.stringContaining('Webhook'), 'FunctionUrl'] });
    expect(JSON.stringify(arns)).toContain('gemini');
    expect(JSON.stringify(arns)).not.toContain('openai');
    for (const name of ['Sweeper', 'Intake', 'Outcome', 'Webhook'])
      expect(variablesOf(name)).not.toHaveProperty(ENVIRONMENT.webhookUrl);
  });

  it('has nothing to be entered at the provider', () => {
    expect(Object.keys(newHandler(newStack(), { providers }).webhooks)).not.toContain('gemini');
  });
});

it('a handler without such an entry has no URL', () => {
  const template = templateWith();
  expect(resourcesOf(template, 'AWS::Lambda::Url')).toEqual({});
  expect(
    Object.keys(resourcesOf(template, 'AWS::Lambda::Function')).filter((id) => /Webhook/.test(id)),
  ).toEqual([]);
});

it('the construct exposes each entry’s URL and secret', () => {
  const { webhooks } = newHandler(newStack(), { providers: PROVIDERS });
  expect(Object.keys(webhooks)).toEqual(['openai', 'second']);
  expect(webhooks.openai?.url).toMatch(/openai$/);
});

describe('cdk.json', () => {
  const given = {
    providers: {
      openai: { kind: 'openai', webhook: true },
      gemini: { kind: 'gemini', webhook: true },
    },
  };

  it('opts in, and the stack prints the URL and the secret', () => {
    const template = Template.fromStack(
      new BatchHandlerStack(newApp(), 'Test', parseContext(given)),
    );
    const outputs = template.findOutputs('*');
    expect(Object.keys(outputs)).toEqual(
      expect.arrayContaining(['WebhookUrlopenai', 'WebhookSecretNameopenai']),
    );
    expect(Object.keys(outputs).filter((name) => /Webhook.*gemini/.test(name))).toEqual([]);
    expect(outputs.WebhookUrlopenai?.Value).toEqual({
      'Fn::Join': ['', [expect.anything(), 'openai']],
    });
  });

  it.each([
    [
      'no yes or no',
      { kind: 'openai', webhook: 'yes' },
      'openai.webhook: "yes" is neither true nor false',
    ],
    [
      'a kind without them',
      { kind: 'anthropic', webhook: true },
      'openai.webhook: is not known here',
    ],
  ])('refuses %s', (_what, openai, message) => {
    expect(() => parseContext({ providers: { openai } })).toThrow(message);
  });

  it('passes cdk-nag with a written reason for each finding', () => {
    const app = newApp();
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    const stack = new BatchHandlerStack(app, 'Test', parseContext(given));

    expect(new AwsSolutionsChecks().validateScope(stack).violations).toEqual([]);
    expect(() => app.synth()).not.toThrow();
  });
});
