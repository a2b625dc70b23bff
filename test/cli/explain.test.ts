import { expect, test } from 'vitest';
import { explain } from '../../cli/explain.ts';
import { ClientError } from '../../shared/client/index.ts';

const named = (name: string, message: string, code?: string): Error =>
  Object.assign(new Error(message), { name, ...(code === undefined ? {} : { code }) });

test.each([
  [
    new ClientError('unknown_stack', 'there is no stack X in this account and region'),
    2,
    "there is no stack X in this account and region; see aws cloudformation list-stacks --query 'StackSummaries[].StackName'",
  ],
  [
    new ClientError('several_handlers', 'stack X has 2 handlers: name one of X/A, X/B'),
    2,
    'stack X has 2 handlers: name one of X/A, X/B; name it with --handler',
  ],
  [
    new ClientError('local_stack_not_running', 'no local stack runs in .local: start one'),
    3,
    'no local stack runs in .local: start one',
  ],
  [
    named('CredentialsProviderError', 'Could not load credentials from any providers'),
    3,
    'no AWS credentials: sign in (aws sso login, aws configure) or name a profile with --profile (Could not load credentials from any providers)',
  ],
  [
    named('Error', 'Region is missing'),
    3,
    'no AWS region: name one with --region, or set AWS_REGION',
  ],
  [
    new ClientError('no_region', 'no AWS region: pass one as region'),
    3,
    'no AWS region: name one with --region, or set AWS_REGION',
  ],
  [
    named('ExpiredTokenException', 'The security token has expired'),
    3,
    'AWS refuses the credentials: sign in again (ExpiredTokenException: The security token has expired)',
  ],
  [
    named('AccessDeniedException', 'User u is not authorized to perform dynamodb:Scan'),
    3,
    'User u is not authorized to perform dynamodb:Scan (docs/cli.md lists the permissions that each command needs)',
  ],
  [
    // The AWS SDKs add `$metadata` to every error.
    Object.assign(named('Error', 'connect ECONNREFUSED 127.0.0.1:1', 'ECONNREFUSED'), {
      $metadata: { attempts: 3 },
    }),
    3,
    'cannot reach AWS: connect ECONNREFUSED 127.0.0.1:1; check --region and the network',
  ],
  [
    named('Error', 'connect ECONNREFUSED 127.0.0.1:1', 'ECONNREFUSED'),
    3,
    'cannot connect: connect ECONNREFUSED 127.0.0.1:1; check the network, and what the module of --runtime connects to',
  ],
  [named('Error', 'two\nlines\u001b[31m'), 3, 'Error: two lines'],
  [
    Object.assign(named('Error', 'ENOSPC: no space left on device, write', 'ENOSPC'), {
      syscall: 'write',
      path: '/dev/full',
    }),
    1,
    'cannot write /dev/full: no space left on the device',
  ],
  [
    Object.assign(named('Error', 'EACCES: permission denied, open', 'EACCES'), {
      syscall: 'open',
      path: '/root/x.jsonl.part',
    }),
    2,
    'cannot use /root/x.jsonl: permission denied',
  ],
  ['odd', 3, 'odd'],
])('an error is one line with its fix: %s', (error, exitCode, line) => {
  expect(explain(error)).toEqual({ line, exitCode });
});
