import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type App, Stack } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';

/** Synthesizes every example in a directory, and prints where to and what cdk-nag finds. */
const [, , directory = ''] = process.argv;

const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('/app.ts'))
  .sort();
for (const name of names) {
  // Without it, the output goes with the process.
  process.env.CDK_OUTDIR = join(directory, name, '..', 'cdk.out');
  const { app }: { app: App } = await import(pathToFileURL(join(directory, name)).href);
  const findings = app.node.children.filter(Stack.isStack).flatMap((stack) =>
    new AwsSolutionsChecks().validateScope(stack).violations.flatMap((violation) =>
      violation.violatingResources.map(({ resourceLogicalId }) => ({
        rule: violation.ruleName,
        logicalId: resourceLogicalId,
      })),
    ),
  );
  const { directory: assembly, stacks } = app.synth();
  const example = name.split('/')[0];
  const stackNames = stacks.map(({ stackName }) => stackName);
  process.stdout.write(`${JSON.stringify({ example, assembly, stackNames, findings })}\n`);
}
