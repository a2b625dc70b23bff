import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { localAccount } from '../../../local/template/account.ts';
import { readAssembly, stacksOf } from '../../../local/template/assembly.ts';
import { scopesOf } from '../../../local/template/intrinsics.ts';
import { METADATA_KEY } from '../../../shared/handlerMetadata.ts';
import { temporaryDirectory } from '../fixtures/toyStack.ts';

interface WrittenStack {
  /** The ids of the stacks that it needs. */
  readonly needs?: readonly string[];
  readonly hasHandler?: boolean;
  readonly stackName?: string;
  readonly template?: object;
}

/** Writes what `cdk synth` writes for these stacks, and for those of a stage. */
function synthesized(
  stacks: Readonly<Record<string, WrittenStack>>,
  stage: Readonly<Record<string, WrittenStack>> = {},
): string {
  const directory = temporaryDirectory();
  const inStage = join(directory, 'assembly-Prod');
  mkdirSync(inStage);
  writeManifest(inStage, stage, 'Prod/');
  writeManifest(directory, stacks, '', {
    'assembly-Prod': {
      type: 'cdk:cloud-assembly',
      properties: { directoryName: 'assembly-Prod', displayName: 'Prod' },
    },
  });
  return directory;
}

function writeManifest(
  directory: string,
  stacks: Readonly<Record<string, WrittenStack>>,
  path: string,
  others: object = {},
): void {
  const artifacts = Object.entries(stacks).map(([id, { needs = [], stackName, ...stack }]) => {
    const metadata = stack.hasHandler ? { [METADATA_KEY]: {} } : {};
    const template = { Metadata: metadata, Resources: {}, ...stack.template };
    writeFileSync(join(directory, `${id}.template.json`), JSON.stringify(template));
    writeFileSync(join(directory, `${id}.assets.json`), '{}');
    return [
      id,
      {
        type: 'aws:cloudformation:stack',
        displayName: `${path}${id}`,
        dependencies: [`${id}.assets`, ...needs],
        properties: { templateFile: `${id}.template.json`, stackName },
      },
    ];
  });
  const manifest = { artifacts: { ...Object.fromEntries(artifacts), ...others } };
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest));
}

async function namesOf(directory: string, name?: string): Promise<readonly string[]> {
  return stacksOf(await readAssembly(directory, name)).map(({ stackName }) => stackName);
}

test('the stack with the handler is found by itself, with the stacks that it needs and that need it', async () => {
  const directory = synthesized({
    Network: {},
    Service: { needs: ['Network'] },
    Batches: { needs: ['Service'], hasHandler: true },
    Api: { needs: ['Batches', 'Users'] },
    Users: {},
    Website: { needs: ['Users'] },
  });

  expect(await namesOf(directory)).toEqual(['Batches', 'Service', 'Network', 'Api', 'Users']);
});

test('one of several handlers is chosen by name; the others do not run', async () => {
  const directory = synthesized(
    {
      Shared: {},
      Dev: { needs: ['Shared'], hasHandler: true },
      DevApi: { needs: ['Dev'] },
      Test: { needs: ['Shared'], hasHandler: true, stackName: 'batches-test' },
      TestApi: { needs: ['Test', 'Shared'] },
    },
    { Batches: { hasHandler: true, stackName: 'batches-prod' } },
  );

  expect(await namesOf(directory, 'Dev')).toEqual(['Dev', 'Shared', 'DevApi']);
  expect(await namesOf(directory, 'batches-test')).toEqual(['batches-test', 'Shared', 'TestApi']);
  expect(await namesOf(directory, 'Prod/Batches')).toEqual(['batches-prod']);
  await expect(readAssembly(directory)).rejects.toThrow(
    `${directory} holds 3 stacks with a Batch Handler: use one of them with --stack, Dev, Test, Prod/Batches`,
  );
  await expect(readAssembly(directory, 'Live')).rejects.toThrow(
    `${directory} holds no stack Live: use one of Shared, Dev, DevApi, Test, TestApi, Prod/Batches`,
  );
});

test('a name that several stacks have is not enough', async () => {
  const batches = { Batches: { hasHandler: true } };

  await expect(readAssembly(synthesized(batches, batches), 'Batches')).resolves.toMatchObject({
    stackName: 'Batches',
  });
  const twice = { Other: { hasHandler: true, stackName: 'same' } };
  await expect(
    readAssembly(synthesized({ A: { hasHandler: true, stackName: 'same' } }, twice), 'same'),
  ).rejects.toThrow('holds 2 stacks same: use the path of one, A, Prod/Other');
});

test('a directory without a handler, without a stack or without a manifest is an error', async () => {
  await expect(readAssembly(synthesized({ A: {}, B: {} }))).rejects.toThrow(
    /^no stack in .* has a Batch Handler: it holds A, B$/,
  );
  await expect(readAssembly(synthesized({}))).rejects.toThrow(/holds no stack$/);
  await expect(readAssembly(temporaryDirectory())).rejects.toThrow(
    /manifest\.json does not exist: run "npx cdk synth", which writes it$/,
  );
});

test('references to another stack, strong and weak, are the names of its resources', async () => {
  // Prepare
  const queue = { Type: 'AWS::SQS::Queue' };
  const service = {
    Resources: { Queue: queue },
    Outputs: {
      Strong: {
        Value: { 'Fn::GetAtt': ['Queue', 'Arn'] },
        Export: { Name: { 'Fn::Sub': `\${AWS::StackName}:Arn` } },
      },
      Weak: { Value: { Ref: 'Queue' } },
    },
  };
  const directory = synthesized({
    Service: { template: service, stackName: 'the-service' },
    Batches: { needs: ['Service'], hasHandler: true, template: { Resources: { Queue: queue } } },
  });

  // Act
  const [batches] = scopesOf(
    await readAssembly(directory),
    localAccount('Batches', 'http://127.0.0.1:1'),
  );

  // Assess
  const base = 'http://127.0.0.1:1/000000000000';
  expect(batches?.reference('Queue')).toBe(`${base}/Batches-Queue`);
  expect(batches?.imported('the-service:Arn')).toBe(
    'arn:aws:sqs:us-east-1:000000000000:the-service-Queue',
  );
  expect(batches?.output('the-service', 'Weak')).toBe(`${base}/the-service-Queue`);
  expect(() => batches?.imported('x')).toThrow('no stack that runs here exports x');
  expect(() => batches?.output('the-service', 'Gone')).toThrow(
    'no stack the-service with the output Gone runs here',
  );
});
