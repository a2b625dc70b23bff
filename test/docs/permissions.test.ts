import { readFileSync } from 'node:fs';
import { Template } from 'aws-cdk-lib/assertions';
import { expect, it } from 'vitest';
import { BatchHandlerStack } from '../../infra/stack.ts';
import { newApp } from '../support/handlerStack.ts';

/** Lambda's own: the queue that a function consumes, and logs. Said in the page's prose. */
const UNSAID = /^(sqs:(Receive|Delete|Change|GetQueue)|logs:)/;

const MARKS =
  /<!-- permissions: a test holds this table against the synthesized stack -->\n(.*?)<!-- end of permissions -->/s;

it('docs/security.md tells what each function may do', () => {
  const page = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8');
  const [, table = ''] = MARKS.exec(page) ?? [];
  expect(table.trim().split('\n')).toEqual(permissionTable());
});

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** A row for each function and resource. */
function permissionTable(): readonly string[] {
  const template = Template.fromStack(new BatchHandlerStack(newApp(), 'Test'));
  const rows = new Map<string, Set<string>>();
  for (const [id, { Properties }] of Object.entries(template.findResources('AWS::IAM::Policy'))) {
    const role = roleName(Properties.Roles[0].Ref);
    for (const { Action, Resource, Condition } of Properties.PolicyDocument
      .Statement as Statement[]) {
      const actions = [Action].flat().filter((action) => !UNSAID.test(action));
      if (actions.length === 0) continue;
      for (const resource of [Resource].flat()) {
        const key = `| ${role} | ${resourceName(resource, id)}${keysOf(Condition)} |`;
        rows.set(key, rows.get(key) ?? new Set());
        for (const action of actions) rows.get(key)?.add(`\`${action}\``);
      }
    }
  }
  const body = [...rows].map(([key, actions]) => `${key} ${[...actions].toSorted().join(', ')} |`);
  return ['| function | on | may |', '|---|---|---|', ...body.toSorted()];
}

/** `BatchesWorkerServiceRoleDF1E2A` → `worker`. */
function roleName(logicalId: string): string {
  return words(logicalId.replace(/^Batches/, '').replace(/(Service)?Role[0-9A-F]{8}$/, ''));
}

/** An ARN by what it is made of. */
function resourceName(resource: unknown, id: string): string {
  const text = JSON.stringify(resource);
  const path = /"(\/[^"]*)"\]?\]/.exec(text)?.[1] ?? '';
  const logicalId = /"(?:Fn::GetAtt":\["|Ref":")(?!AWS::)(\w+)"/.exec(text)?.[1];
  if (logicalId === undefined) {
    if (text.includes(':event-bus/')) return 'event bus';
    throw new Error(`${id} names ${text}`);
  }
  const name = words(logicalId.replace(/^Batches/, '').replace(/[0-9A-F]{8}$/, '')).replace(
    'secret',
    'secret of ',
  );
  return path === '' ? name : `${name}, \`${path.slice(1)}\``;
}

/** The keys of the table that a statement is bound to. */
function keysOf(condition: unknown): string {
  if (condition === undefined) return '';
  const keys = JSON.stringify(condition).match(/[A-Za-z]+#\*/g) ?? [];
  return keys.length === 0 ? '' : `, keys ${keys.map((key) => `\`${key}\``).join(' ')}`;
}

function words(name: string): string {
  return name
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .trim();
}
