import { Template } from 'aws-cdk-lib/assertions';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, it } from 'vitest';
import { parseContext } from '../../../infra/context.ts';
import { type CommonOptions, LlmProvider } from '../../../infra/providers/llmProvider.ts';
import { BatchHandlerStack } from '../../../infra/stack.ts';
import { providerSettingsSchema } from '../../../shared/providers/kinds.ts';
import {
  newApp,
  newHandler,
  newStack,
  resourceOf,
  resourcesOf,
  templateWith,
} from '../../support/handlerStack.ts';
import { EVERY_KIND } from './everyKind.ts';

const AZURE = 'https://name.openai.azure.com';
const COMMON: CommonOptions = {
  limits: { maxInFlight: 2 },
  timing: { completionHours: 30 },
  models: { '*': 'model' },
  dropFields: ['seed'],
};
const PLACE = { project: 'my-project', location: 'global' };
const AUDIENCE = '//iam.googleapis.com/pool';

const KEYED: [string, LlmProvider, string][] = [
  ['openAi', LlmProvider.openAi(), 'The API key of the provider mine, as plain text'],
  [
    'openAiCompatible',
    LlmProvider.openAiCompatible({ baseUrl: 'https://llm.example/v1' }),
    'The API key of the provider mine, as plain text',
  ],
  [
    'azureOpenAi',
    LlmProvider.azureOpenAi({ baseUrl: AZURE }),
    'The API key of the provider mine, as plain text',
  ],
  [
    'azureOpenAi with Entra ID',
    LlmProvider.azureOpenAi({ baseUrl: AZURE, tenantId: 'tenant', clientId: 'client' }),
    'The client secret of the provider mine, as plain text',
  ],
  ['anthropic', LlmProvider.anthropic(), 'The API key of the provider mine, as plain text'],
  ['gemini', LlmProvider.gemini(), 'The API key of the provider mine, as plain text'],
  ['mistral', LlmProvider.mistral(), 'The API key of the provider mine, as plain text'],
  ['xai', LlmProvider.xai(), 'The API key of the provider mine, as plain text'],
  ['together', LlmProvider.together(), 'The API key of the provider mine, as plain text'],
  [
    'vertexAi',
    LlmProvider.vertexAi({ ...PLACE, bucket: 'b' }),
    'The JSON key of a service account of the provider mine, as plain text',
  ],
];

const statementsOf = (template: Template, name: string) =>
  resourceOf(template, 'AWS::IAM::Policy', `Batches${name}RoleDefaultPolicy`).Properties
    .PolicyDocument.Statement as { Action: string | string[] }[];
const variablesOf = (template: Template, name: string) =>
  resourceOf(template, 'AWS::Lambda::Function', `Batches${name}`).Properties.Environment.Variables;
/** What a provider adds to a function's policy. */
const withoutProvider = statementsOf(templateWith({ providers: { none: keyless() } }), 'Sweeper');
const added = (template: Template) =>
  statementsOf(template, 'Sweeper').filter(
    (statement) => !withoutProvider.some((other) => same(other, statement)),
  );
const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

function keyless(): LlmProvider {
  return LlmProvider.vertexAi({ ...PLACE, bucket: 'b', workloadIdentityProvider: AUDIENCE });
}

it('Claude on AWS is called by the functions’ own roles, for the batches of one workspace', () => {
  const aws = { workspaceId: 'wrkspc_01abc', region: 'us-west-2' };
  const template = templateWith({ providers: { mine: LlmProvider.anthropic({ aws }) } });

  template.resourceCountIs('AWS::SecretsManager::Secret', 0);
  const actions = [
    'CancelBatchInference',
    'DeleteBatchInference',
    'GetBatchInference',
    'ListBatchInferences',
  ];
  expect(added(template)).toEqual([
    {
      Action: actions.map((name) => `aws-external-anthropic:${name}`),
      Effect: 'Allow',
      Resource: expect.objectContaining({ 'Fn::Join': expect.anything() }),
    },
  ]);
  expect(JSON.stringify(added(template))).toContain(':us-west-2:');
  expect(JSON.stringify(added(template))).toContain(':workspace/wrkspc_01abc"');
  expect(JSON.stringify(statementsOf(template, 'Worker'))).toContain(
    'aws-external-anthropic:CreateBatchInference',
  );
});

describe('a provider with a key', () => {
  it.each(KEYED)('%s has a secret to fill in, and nothing else', (_name, provider, description) => {
    const template = templateWith({ providers: { mine: provider } });

    template.resourceCountIs('AWS::SecretsManager::Secret', 1);
    const secret = resourceOf(template, 'AWS::SecretsManager::Secret', 'BatchesSecretmine');
    expect(secret.Properties).toEqual({ Description: description, SecretString: 'FILL-ME' });
    expect(added(template)).toEqual([
      {
        Action: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
        Effect: 'Allow',
        Resource: { Ref: secret.logicalId },
      },
    ]);
    for (const name of ['Sweeper', 'Worker']) {
      expect(JSON.stringify(variablesOf(template, name).SECRET_ARNS)).toContain(secret.logicalId);
      expect(variablesOf(template, name)).not.toHaveProperty('JOB_ROLE_ARNS');
    }
    for (const name of ['Intake', 'Outcome'])
      expect(variablesOf(template, name)).not.toHaveProperty('SECRET_ARNS');
  });

  it('uses the user’s secret', () => {
    const stack = newStack();
    const secret = new secretsmanager.Secret(stack, 'Own');
    newHandler(stack, { providers: { mine: LlmProvider.anthropic({ secret }) } });

    const template = Template.fromStack(stack);

    template.resourceCountIs('AWS::SecretsManager::Secret', 1);
    expect(JSON.stringify(added(template))).toContain('"Own');
  });
});

describe('Vertex AI with workload identity', () => {
  it('has no secret, and no permission', () => {
    const template = templateWith({ providers: { mine: keyless() } });

    template.resourceCountIs('AWS::SecretsManager::Secret', 0);
    expect(variablesOf(template, 'Worker')).not.toHaveProperty('SECRET_ARNS');
    const actions = statementsOf(template, 'Worker').flatMap(({ Action }) => Action);
    expect(actions.filter((action) => /^(secretsmanager|bedrock|iam|sts):/.test(action))).toEqual(
      [],
    );
  });
});

describe('settings', () => {
  it.each<[LlmProvider, object]>([
    [LlmProvider.openAi(COMMON), { kind: 'openai', ...COMMON }],
    [
      LlmProvider.openAiCompatible({ ...COMMON, baseUrl: 'https://llm.example/v1' }),
      { kind: 'openai-compatible', ...COMMON, baseUrl: 'https://llm.example/v1' },
    ],
    [
      LlmProvider.azureOpenAi({ baseUrl: AZURE, apiVersion: '2024-10-21' }),
      { kind: 'azure-openai', baseUrl: AZURE, apiVersion: '2024-10-21' },
    ],
    [
      LlmProvider.azureOpenAi({ baseUrl: AZURE, tenantId: 't', clientId: 'c' }),
      {
        kind: 'azure-openai',

        baseUrl: AZURE,
        entraId: { tenantId: 't', clientId: 'c' },
      },
    ],
    [LlmProvider.anthropic(COMMON), { kind: 'anthropic', ...COMMON }],
    [
      LlmProvider.vertexAi({ ...PLACE, bucket: 'b' }),
      { kind: 'vertex-ai', ...PLACE, store: { type: 'gcs', bucket: 'b' } },
    ],
    [
      LlmProvider.vertexAi({
        ...PLACE,
        inputDataset: 'in',
        outputDataset: 'out',
        workloadIdentityProvider: AUDIENCE,
        serviceAccount: 'me',
      }),
      {
        kind: 'vertex-ai',

        ...PLACE,
        store: { type: 'bigquery', inputDataset: 'in', outputDataset: 'out' },
        workloadIdentity: { audience: AUDIENCE, serviceAccount: 'me' },
      },
    ],
    [
      LlmProvider.bedrock({ ...COMMON, region: 'us-west-2', modelIds: ['a'] }),
      { kind: 'bedrock', ...COMMON, region: 'us-west-2' },
    ],
    [LlmProvider.gemini(COMMON), { kind: 'gemini', ...COMMON }],
    [LlmProvider.mistral(COMMON), { kind: 'mistral', ...COMMON }],
    [LlmProvider.xai(COMMON), { kind: 'xai', ...COMMON }],
    [LlmProvider.together(COMMON), { kind: 'together', ...COMMON }],
  ])('are parsed by the functions: %#', ({ settings }, expected) => {
    expect(providerSettingsSchema.parse(settings)).toEqual(providerSettingsSchema.parse(expected));
  });
});

describe('invalid options', () => {
  it.each<[string, () => LlmProvider, string]>([
    [
      'half of Entra ID',
      () => LlmProvider.azureOpenAi({ baseUrl: AZURE, tenantId: 't' }),
      'clientId is undefined: give both',
    ],
    ['no store', () => LlmProvider.vertexAi(PLACE), 'give either a bucket, or both datasets'],
    [
      'one dataset',
      () => LlmProvider.vertexAi({ ...PLACE, inputDataset: 'in' }),
      'outputDataset is undefined: give either',
    ],
    [
      'two stores',
      () => LlmProvider.vertexAi({ ...PLACE, bucket: 'b', inputDataset: 'i', outputDataset: 'o' }),
      'bucket is b, inputDataset is i',
    ],
    [
      'a service account without a pool',
      () => LlmProvider.vertexAi({ ...PLACE, bucket: 'b', serviceAccount: 'me' }),
      'serviceAccount is me without a workloadIdentityProvider',
    ],
    [
      'a key beside a pool',
      () =>
        LlmProvider.vertexAi({
          ...PLACE,
          bucket: 'b',
          workloadIdentityProvider: AUDIENCE,
          secret: new secretsmanager.Secret(newStack(), 'Key'),
        }),
      'leave the secret out',
    ],
    ['no model', () => LlmProvider.bedrock({}), 'neither modelIds nor models'],
    [
      'a key in the clear',
      () => LlmProvider.azureOpenAi({ baseUrl: 'http://name.openai.azure.com' }),
      'baseUrl is http://name.openai.azure.com: it must be an https URL',
    ],
  ])('are refused: %s', (_what, create, message) => {
    expect(create).toThrow(message);
  });
});

describe('entries of cdk.json', () => {
  const context = parseContext({ providers: EVERY_KIND });
  const template = Template.fromStack(new BatchHandlerStack(newApp(), 'Test', context));

  it('create a secret for each kind that has one, and for no other', () => {
    const secrets = Object.keys(resourcesOf(template, 'AWS::SecretsManager::Secret'));
    const names = secrets.map((id) => id.replace(/^BatchesSecret|[0-9A-F]{8}$/g, ''));

    expect(names.sort()).toEqual(
      [
        'anthropic',
        'azure',
        'azureentra',
        'compatible',
        'gemini',
        'mistral',
        'openai',
        'together',
        'vertex',
        'xai',
      ].sort(),
    );
    const outputs = Object.keys(template.findOutputs('*')).filter((id) => id.startsWith('Secret'));
    expect(outputs).toHaveLength(secrets.length);
  });

  it('create a role for Bedrock’s jobs', () => {
    const role = resourceOf(template, 'AWS::IAM::Role', 'BatchesJobRolebedrock').logicalId;
    const variable = JSON.stringify(variablesOf(template, 'Worker').JOB_ROLE_ARNS);

    expect(variable).toContain('{\\"bedrock\\":\\"');
    expect(variable).toContain(role);
  });
});
