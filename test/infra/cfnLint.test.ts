import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, describe, expect, it } from 'vitest';
import { parseContext } from '../../infra/context.ts';
import { BatchHandlerStack } from '../../infra/stack.ts';
import { hasNoCfnLint, lintFindings } from '../support/cfnLint.ts';
import { newApp, newHandler, newStack } from '../support/handlerStack.ts';
import { HERE } from './given/errorOf.ts';
import { VARIANTS } from './given/variants.ts';
import { EVERYTHING } from './monitoring/rendered.ts';
import { EVERY_KIND } from './providers/everyKind.ts';

const directory = mkdtempSync(join(tmpdir(), 'cfn-lint-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Writes the template of a stack with these settings. */
function write(name: string, context: object): string {
  const stack = new BatchHandlerStack(newApp(), 'Test', parseContext(context));
  const file = join(directory, `${name}.template.json`);
  writeFileSync(file, JSON.stringify(Template.fromStack(stack).toJSON()));
  return file;
}

const arn = (service: string, name: string) => `arn:aws:${service}:eu-west-1:111111111111:${name}`;

describe.skipIf(hasNoCfnLint)('cfn-lint', () => {
  it('finds nothing in the templates of the project’s stack', async () => {
    const price = { input: 1.25, cachedInput: 0.125, output: 10 };
    const { openai, claude } = EVERYTHING.providers;
    const templates = [
      write('default', {}),
      write('every-kind', { providers: EVERY_KIND }),
      write('everything', {
        ...EVERYTHING,
        providers: {
          openai: { ...openai, dailyBudget: 5.5, prices: { '*': price } },
          claude,
          gemini: { kind: 'gemini', webhook: true },
        },
        inbox: true,
        inputBuckets: ['my-input'],
        alarmTopicArn: arn('sns', 'on-call'),
        processorArn: arn('lambda', 'function:mine:live'),
        processorRoleArn: 'arn:aws:iam::111111111111:role/mine',
        removalPolicy: 'destroy',
      }),
    ];

    expect(await lintFindings(templates)).toEqual([]);
  });

  it('finds nothing in a handler on resources or code of the user’s', async () => {
    const templates = Object.entries(VARIANTS).flatMap(([name, variant]) => {
      const app = newApp();
      const stack = newStack(app, 'Test', { env: HERE });
      newHandler(stack, variant(stack));
      const { stacks } = app.synth();
      return stacks.map(({ stackName, template }) => {
        const file = join(directory, `${name} ${stackName}.template.json`.replaceAll(' ', '-'));
        writeFileSync(file, JSON.stringify(template));
        return file;
      });
    });

    const findings = await lintFindings(templates);
    // The subnets of the test's own VPC are in zones with fixed names.
    expect(findings.filter((line) => !line.startsWith('W3010 '))).toEqual([]);
  });

  it('would find a fraction in the metadata', async () => {
    const stack = new BatchHandlerStack(newApp(), 'Test');
    stack.addMetadata('Price', 1.25);
    const file = join(directory, 'wrong.template.json');
    writeFileSync(file, JSON.stringify(Template.fromStack(stack).toJSON()));

    expect(await lintFindings([file])).toEqual([
      `E4002 ${file}: 1.25 is not of type 'string', 'integer', 'object', 'array', 'boolean'`,
    ]);
  });
});
