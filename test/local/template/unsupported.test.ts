import { beforeAll, expect, test } from 'vitest';
import { localAccount } from '../../../local/template/account.ts';
import {
  type Assembly,
  readAssembly,
  type SynthesizedStack,
} from '../../../local/template/assembly.ts';
import { readResources } from '../../../local/template/resources.ts';
import { METADATA_KEY } from '../../../shared/handlerMetadata.ts';
import { synthesizedStack } from '../../support/localStackAssembly.ts';

let assembly: Assembly;
beforeAll(async () => {
  assembly = await readAssembly(await synthesizedStack({ collector: {} }));
});

/** The project's own stack with a changed template. */
function read(change: (template: Changeable) => void) {
  const template = structuredClone(assembly.template);
  change(template as Changeable);
  const account = localAccount(assembly.stackName, 'http://127.0.0.1:1');
  return readResources({ ...assembly, template }, account);
}

interface Changeable {
  readonly Resources: Record<string, { Properties: Record<string, unknown> }>;
  readonly Metadata: Record<string, Record<string, { resources: Record<string, string> }>>;
}

function partsOf({ Metadata }: Changeable): Record<string, string> {
  const { [METADATA_KEY]: { 'BatchHandler/Batches': handler } = {} } = Metadata;
  return handler?.resources ?? {};
}

test('nothing of the project’s own stack is unsupported', () => {
  expect(read(() => {}).unsupported).toEqual([]);
});

test('a processor that cannot run is an error', () => {
  const reading = () =>
    read((template) => {
      const { processor = '' } = partsOf(template);
      Object.assign(template.Resources[processor]?.Properties ?? {}, { Runtime: 'java21' });
    });

  expect(reading).toThrow(
    /^ExampleProcessor\w+ \(AWS::Lambda::Function\), the processor of BatchHandler\/Batches, cannot run locally: Runtime: only functions in Node\.js and in Python are supported$/,
  );
});

/** The project's own stack without its processor, which is in another stack or in none. */
function withoutProcessor(change: (processor: { Properties: Record<string, unknown> }) => void) {
  const template = structuredClone(assembly.template) as typeof assembly.template & Changeable;
  const { processor: id = '', ...parts } = partsOf(template);
  const handler = template.Metadata[METADATA_KEY]?.['BatchHandler/Batches'];
  Object.assign(handler ?? {}, { resources: parts });
  const [its, others] = [true, false].map((wanted) =>
    Object.fromEntries(
      Object.entries(template.Resources).filter(
        ([name]) => name.startsWith('ExampleProcessor') === wanted,
      ),
    ),
  );
  const processor = its?.[id];
  if (processor === undefined) throw new Error(`the stack has no ${id}`);
  change(processor);
  const outputs = { Arn: { 'Fn::GetAtt': [id, 'Arn'] }, Name: { Ref: id } };
  let text = JSON.stringify({ ...template, Resources: others });
  for (const [OutputName, value] of Object.entries(outputs))
    text = text.replaceAll(
      JSON.stringify(value),
      JSON.stringify({ 'Fn::GetStackOutput': { StackName: 'Service', OutputName } }),
    );
  const own = JSON.parse(text);
  const service = {
    ...assembly,
    stackName: 'Service',
    template: {
      ...{ Metadata: {}, Parameters: {}, Conditions: {} },
      Resources: its,
      Outputs: { Arn: { Value: outputs.Arn }, Name: { Value: outputs.Name } },
    },
  };
  return {
    id,
    readWith: (others: readonly SynthesizedStack[]) =>
      readResources(
        { ...assembly, template: own, others },
        localAccount('x', 'http://127.0.0.1:1'),
      ),
    service: service as SynthesizedStack,
  };
}

test('a processor in another stack runs', () => {
  const { id, service, readWith } = withoutProcessor(() => {});

  const { functions, unsupported } = readWith([service]);

  expect(unsupported).toEqual([]);
  const processor = functions.find(({ logicalId }) => logicalId === id);
  expect(processor?.name).toBe(`Service-${id}`);
  expect(functions.map(({ environment }) => environment.PROCESSOR_ARN)).toContain(processor?.arn);
});

test('a processor in another stack that cannot run is an error', () => {
  const { id, service, readWith } = withoutProcessor(({ Properties }) => {
    Properties.Runtime = 'java21';
  });

  expect(() => readWith([service])).toThrow(
    `${id} (AWS::Lambda::Function), the processor of BatchHandler/Batches, cannot run locally: Runtime: only functions`,
  );
});

test('a processor in no stack of the app is an error', () => {
  const { id, service, readWith } = withoutProcessor(() => {});
  const elsewhere = { ...service, template: { ...service.template, Resources: {} } };
  const { Outputs: outputs } = elsewhere.template;
  const arn = `arn:aws:lambda:us-east-1:000000000000:function:${id}`;
  Object.assign(outputs, { Arn: { Value: arn }, Name: { Value: arn } });

  expect(() => readWith([elsewhere])).toThrow(
    `${arn}, the processor of BatchHandler/Batches, is in no stack of this app`,
  );
});
