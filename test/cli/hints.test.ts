import { describe, expect, it, test } from 'vitest';
import type { ConnectionOptions } from '../../cli/connect.ts';
import { pasteable, programName } from '../../cli/hints.ts';

describe('a command in a text can be pasted', () => {
  const stack = { stack: 'Mine', region: 'eu-west-1', profile: 'ops' };
  it.each<readonly [string, Partial<ConnectionOptions>, string]>([
    ['see batch-handler list', stack, 'see bh list --stack Mine --region eu-west-1 --profile ops'],
    // The default stack needs no name.
    ['see batch-handler list', { stack: 'BatchHandler' }, 'see bh list'],
    ['batch-handler show a/1: x', { local: true }, 'bh show a/1 --local: x'],
    ['batch-handler show a', { local: '.local' }, 'bh show a --local'],
    [
      'run batch-handler resume openai, if it holds',
      { local: "it's here", handler: 'A/B' },
      "run bh resume openai --handler A/B --local 'it'\\''s here', if it holds",
    ],
    [
      'then batch-handler redrive --queue batch; batch-handler redrive shows them',
      { local: true },
      'then bh redrive --queue batch --local; bh redrive --local shows them',
    ],
    [
      '(batch-handler list --provider azure-2)',
      { stack: 'Mine' },
      '(bh list --provider azure-2 --stack Mine)',
    ],
    [
      'all: batch-handler results x --errors.',
      { local: true },
      'all: bh results x --errors --local.',
    ],
    [
      'batch-handler keys revoke k3v9x0q2ab ends it; see batch-handler keys list',
      { local: true },
      'bh keys revoke k3v9x0q2ab --local ends it; see bh keys list --local',
    ],
    // Help is about no handler.
    ['(see batch-handler add --help)', stack, '(see bh add --help)'],
    ['(see batch-handler --help)', stack, '(see bh --help)'],
    [
      'aws logs tail /aws/lambda/x && aws s3 rb s3://y',
      stack,
      'aws --region eu-west-1 --profile ops logs tail /aws/lambda/x && aws --region eu-west-1 --profile ops s3 rb s3://y',
    ],
    ['sign in (aws sso login, aws configure)', stack, 'sign in (aws sso login, aws configure)'],
    // The services of a local run have no region.
    ['aws logs tail x', { local: true, region: 'eu-west-1' }, 'aws logs tail x'],
  ])('%s', (text, options, expected) => {
    expect(pasteable(text, 'bh', options)).toBe(expected);
  });
});

test.each([
  ['/w/node_modules/.bin/batch-handler', {}, 'node_modules/.bin/batch-handler'],
  ['/w/batch-handler', {}, './batch-handler'],
  ['/bin/batch-handler', { PATH: '/usr/bin:/bin' }, 'batch-handler'],
  ['/w/node_modules/.bin/batch-handler', { npm_command: 'exec' }, 'npx batch-handler'],
  [
    '/w/cli/main.ts',
    { npm_command: 'run-script', npm_lifecycle_event: 'cli' },
    'npm run -s cli --',
  ],
  ['/w/cli/main.ts', {}, 'node cli/main.ts'],
  ['/w/cli/main.ts', { BATCH_HANDLER_PROGRAM: 'bin/batch-handler' }, 'bin/batch-handler'],
  [
    '/w/cli/main.ts',
    { BATCH_HANDLER_PROGRAM: '/my clone/bin/batch-handler' },
    "'../my clone/bin/batch-handler'",
  ],
])('%s with %o was called as %s', (script, env, expected) => {
  expect(programName(script, env, '/w')).toBe(expected);
});
