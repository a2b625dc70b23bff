import { beforeAll, expect, test } from 'vitest';
import { localAccount } from '../../../local/template/account.ts';
import { type Assembly, readAssembly } from '../../../local/template/assembly.ts';
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
      Object.assign(template.Resources[processor]?.Properties ?? {}, { Runtime: 'python3.13' });
    });

  expect(reading).toThrow(
    /^ExampleProcessor\w+ \(AWS::Lambda::Function\), the processor of BatchHandler\/Batches, cannot run locally: Runtime: only Node\.js functions are supported$/,
  );
});

test('a processor in another stack is an error', () => {
  const reading = () => read((template) => delete partsOf(template).processor);

  expect(reading).toThrow(
    'the processor of BatchHandler/Batches is in another stack, but a local run needs both in one stack',
  );
});
