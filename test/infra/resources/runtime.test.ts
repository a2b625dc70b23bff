import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BatchHandlerProps } from '../../../infra/batchHandlerProps.ts';
import { LlmProvider } from '../../../infra/providers/llmProvider.ts';
import type { RuntimeProps } from '../../../infra/runtimeProps.ts';
import { METADATA_KEY, stackMetadataSchema } from '../../../shared/handlerMetadata.ts';
import {
  FLAGS,
  newHandler,
  newStack,
  resourceOf,
  resourcesOf,
} from '../../support/handlerStack.ts';

const HANDLERS =
  'export const intake = () => {}, sweeper = intake, worker = intake, outcome = intake;';

let directory: string;
let entry: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'runtime-entry-'));
  entry = join(directory, 'handlers.ts');
  writeFileSync(entry, HANDLERS);
});
afterEach(() => rmSync(directory, { recursive: true }));

type Given = Partial<BatchHandlerProps> & Pick<RuntimeProps, 'replaces'>;

function handlerWith({ replaces, ...props }: Given, stack = newStack()) {
  return newHandler(stack, { ...props, runtime: { entry, replaces } });
}

/** Every action that a policy of the stack allows. */
function actionsIn(template: Template): ReadonlySet<string> {
  const policies = Object.values(resourcesOf(template, 'AWS::IAM::Policy'));
  const statements = policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
  return new Set(statements.flatMap(({ Action }) => Action));
}

const COUNTS: readonly (readonly [string, RuntimeProps['replaces'], readonly number[]])[] = [
  ['nothing', [], [1, 1, 6]],
  ['the table', ['items'], [0, 1, 6]],
  [
    'every store of the table',
    ['batches', 'providerStates', 'sweepLock', 'lanes', 'requests', 'webhookRegister'],
    [0, 1, 6],
  ],
  ['the batches alone', ['batches'], [1, 1, 6]],
  ['the objects', ['objects'], [1, 0, 6]],
  ['the queues', ['queues'], [1, 1, 2]],
  ['everything', ['items', 'objects', 'queues', 'bus', 'processor'], [0, 0, 2]],
];

describe('a replaced port', () => {
  it.each(COUNTS)('%s: creates no table, bucket or queues of it', (_what, replaces, counts) => {
    const stack = newStack();
    handlerWith({ replaces }, stack);
    const template = Template.fromStack(stack);

    const types = ['AWS::DynamoDB::GlobalTable', 'AWS::S3::Bucket', 'AWS::SQS::Queue'];
    expect(types.map((type) => Object.keys(resourcesOf(template, type)).length)).toEqual(counts);
    // The processor, which the test adds, is the user's.
    const { violations } = new AwsSolutionsChecks().validateScope(stack);
    const places = violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    );
    expect(places.filter((place) => place.includes('/Batches/'))).toEqual([]);
  });

  it('grants nothing of what it makes needless', () => {
    const stack = newStack();
    const replaces = ['items', 'objects', 'queues', 'bus', 'processor'] as const;
    const user = new iam.Role(stack, 'User', { assumedBy: new iam.AccountRootPrincipal() });
    const handler = handlerWith({ replaces, collector: {} }, stack);
    handler.grantAdd(user);
    handler.grantClient(user);
    handler.collector?.grantSend(user);

    const actions = [...actionsIn(Template.fromStack(stack))].sort();

    // What is left: the queues of outcomes and of the collector, which Lambda consumes, secrets,
    // logs, traces, and finding the handler.
    expect(actions.filter((action) => /^(dynamodb|s3|events):/.test(action))).toEqual([]);
    const invokers = Object.values(
      resourcesOf(Template.fromStack(stack), 'AWS::IAM::Policy'),
    ).filter((policy) => JSON.stringify(policy).includes('lambda:InvokeFunction'));
    expect(invokers.map((policy) => JSON.stringify(policy.Properties.Roles))).toEqual([
      expect.stringContaining('ScheduleRole'),
    ]);
  });

  it('secrets: creates none, and lets functions read only what an entry was given', () => {
    const stack = newStack();
    const secret = new secretsmanager.Secret(stack, 'Given');
    const providers = { mine: LlmProvider.openAi({ secret }), ours: LlmProvider.openAi() };
    const { access } = handlerWith({ replaces: ['secrets'], providers }, stack);
    const template = Template.fromStack(stack);

    expect(Object.keys(resourcesOf(template, 'AWS::SecretsManager::Secret'))).toEqual([
      expect.stringMatching(/^Given/),
    ]);
    expect(access).toEqual({ mine: expect.objectContaining({ secret }), ours: {} });
    const { Properties } = resourceOf(template, 'AWS::Lambda::Function', 'BatchesWorker');
    const ids = stack.resolve(Properties.Environment.Variables.SECRET_ARNS);
    expect(JSON.stringify(ids)).toContain('mine');
    expect(JSON.stringify(ids)).not.toContain('ours');
  });

  it('leaves the functions without the variables and the event sources of it', () => {
    const stack = newStack();
    handlerWith({ replaces: ['items', 'queues'] }, stack);
    const template = Template.fromStack(stack);

    const { Properties } = resourceOf(template, 'AWS::Lambda::Function', 'BatchesIntake');
    const variables = Object.keys(Properties.Environment.Variables);
    expect(Properties.Handler).toBe('index.intake');
    expect(Properties.Environment.Variables.REPLACED_PORTS).toBe('items,queues');
    expect(variables).toContain('BUCKET_NAME');
    expect(variables).not.toContain('TABLE_NAME');
    expect(variables).not.toContain('BATCH_QUEUE_URL');
    expect(Object.keys(resourcesOf(template, 'AWS::Lambda::EventSourceMapping'))).toHaveLength(1);
    expect(Object.keys(resourcesOf(template, 'AWS::CloudWatch::Alarm')).join()).not.toContain(
      'WorkDeadLetters',
    );
  });

  it('is named in the metadata, which names no resource in its place', () => {
    const stack = newStack();
    const handler = handlerWith({ replaces: ['queues', 'items'] }, stack);
    const { Metadata } = Template.fromStack(stack).toJSON();

    const described = stackMetadataSchema.parse(Metadata)[METADATA_KEY][handler.node.path];

    expect(described?.replaced).toEqual(['items', 'queues']);
    expect(described?.resources).toMatchObject({ table: '', batchQueue: '', workQueue: '' });
    expect(described?.resources.bucket).not.toBe('');
  });

  it('says who asks for what is not there', () => {
    const handler = handlerWith({ replaces: ['items', 'objects', 'queues'], collector: {} });

    expect(() => handler.table).toThrow('runtime.replaces names items');
    expect(() => handler.bucket).toThrow('runtime.replaces names objects');
    expect(() => handler.queue).toThrow('runtime.replaces names queues');
    const user = new iam.Role(handler, 'User', { assumedBy: new iam.AccountRootPrincipal() });
    expect(() => handler.collector?.grantFind(user)).toThrow('runtime.replaces names items');
  });

  it.each([
    ['objects', { inbox: true }, 'inbox does not work with runtime.replaces naming objects'],
    ['queues', { inbox: true }, 'inbox does not work with runtime.replaces naming queues'],
    [
      'objects',
      { bucketPrefix: 'llm/' },
      'bucketPrefix does not work with runtime.replaces naming objects',
    ],
    [
      'bus',
      { eventBus: events.EventBus.fromEventBusName(newStack(), 'Bus', 'mine') },
      'eventBus does not work with runtime.replaces naming bus',
    ],
    [
      'objects',
      { providers: { aws: LlmProvider.bedrock({ modelIds: ['amazon.nova-lite-v1:0'] }) } },
      'providers.aws does not work with runtime.replaces naming objects',
    ],
  ] as const)('%s refuses the props that need it', (port, props, reason) => {
    expect(() => handlerWith({ replaces: [port], ...props })).toThrow(reason);
  });
});

/** A stack whose code is bundled. */
function bundlingStack(): Stack {
  const outdir = join(directory, 'out');
  return new Stack(new App({ context: FLAGS, outdir }), 'Test');
}

describe('the code of runtime.entry', () => {
  it('is bundled beside the settings, and runs', async () => {
    writeFileSync(join(directory, 'lazy.ts'), `export const value: string = 'lazy';`);
    writeFileSync(
      entry,
      `${HANDLERS} export const answer = async () => (await import('./lazy.ts')).value;`,
    );
    const stack = bundlingStack();
    handlerWith({ replaces: ['items'], schedule: Duration.minutes(2) }, stack);
    const out = (stack.node.root as App).synth().directory;

    const code = readdirSync(out)
      .map((name) => join(out, name))
      .find((path) => existsSync(join(path, 'index.mjs')));
    if (code === undefined) throw new Error(`no bundle in ${out}`);
    const { answer } = await import(pathToFileURL(join(code, 'index.mjs')).href);
    expect(await answer()).toBe('lazy');
    expect(JSON.parse(readFileSync(join(code, 'settings.json'), 'utf8')).providers).toHaveProperty(
      'openai',
    );
  });

  it('has the same hash in another directory, so that a deployment from there changes nothing', () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'runtime-elsewhere-'));
    cpSync(entry, join(elsewhere, 'handlers.ts'));
    const keyOf = (file: string) => {
      const stack = bundlingStack();
      newHandler(stack, { runtime: { entry: file, replaces: ['items'] } });
      const template = Template.fromStack(stack);
      return resourceOf(template, 'AWS::Lambda::Function', 'BatchesIntake').Properties.Code;
    };

    expect(keyOf(join(elsewhere, 'handlers.ts'))).toEqual(keyOf(entry));
    rmSync(elsewhere, { recursive: true });
  });

  it.each([
    [
      'lacks a handler',
      'export const intake = 1, sweeper = 1, worker = 1;',
      /^runtime\.entry .*handlers\.ts does not export outcome: /,
    ],
    ['does not compile', 'export const intake = ;', 'handlers.ts:1:22: Unexpected ";"'],
    ['imports what is not there', `import './none.ts';`, 'Could not resolve "./none.ts"'],
  ])('is refused if it %s', (_what, text, reason) => {
    writeFileSync(entry, text);
    expect(() => handlerWith({ replaces: ['items'] }, bundlingStack())).toThrow(reason);
  });

  it('must export the collector if there is one', () => {
    expect(() => handlerWith({ replaces: ['items'], collector: {} }, bundlingStack())).toThrow(
      'does not export collector',
    );
  });

  it.each([
    [{ entry: 'none.ts', replaces: [] }, 'runtime.entry is "none.ts", and there is no such file'],
    [
      { replaces: ['tabel'] },
      'runtime.replaces names "tabel", which is no port: use some of items,',
    ],
    [{ replaces: [], environment: { TABLE_NAME: 'mine' } }, 'runtime.environment sets TABLE_NAME'],
  ])('is refused with %o', (given, reason) => {
    const runtime = { entry, ...given } as RuntimeProps;
    expect(() => newHandler(newStack(), { runtime })).toThrow(reason);
  });
});
