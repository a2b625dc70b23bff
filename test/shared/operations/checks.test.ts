import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Gateway, startGateway } from '../../../local/services/gateway.ts';
import { type Service, serviceError } from '../../../local/services/service.ts';
import { realClientObjects } from '../../../shared/aws/clientObjects.ts';
import { realClientQueues } from '../../../shared/aws/clientQueues.ts';
import { dynamoTable } from '../../../shared/aws/table.ts';
import { DEFAULT_POLICY } from '../../../shared/batch/policy.ts';
import type { AwsHandler, HandlerConnection } from '../../../shared/client/connection.ts';
import { ENVIRONMENT } from '../../../shared/config.ts';
import { type AwsDoctorContext, awsDoctorContext } from '../../../shared/operations/awsContext.ts';
import type { Check } from '../../../shared/operations/check.ts';
import { admissionCheck } from '../../../shared/operations/checks/admission.ts';
import { concurrencyCheck, functionsCheck } from '../../../shared/operations/checks/aws.ts';
import { overdueCheck, waitingCheck } from '../../../shared/operations/checks/flow.ts';
import { providersCheck, secretsCheck } from '../../../shared/operations/checks/providers.ts';
import { scheduleCheck, sweepCheck } from '../../../shared/operations/checks/sweeps.ts';
import { versionCheck } from '../../../shared/operations/checks/version.ts';
import { diagnose } from '../../../shared/operations/doctor.ts';
import { SECRET_PLACEHOLDER } from '../../../shared/providers/settings.ts';
import { withAcceptance, withAccountRefusal } from '../../../shared/quota/hold.ts';
import { type ProviderState, withRefusedJob } from '../../../shared/quota/providerState.ts';
import { batchStore } from '../../../shared/stores/batchStore.ts';
import { providerStateStore } from '../../../shared/stores/sweepStores.ts';
import { clientSettings, type Emulators, startEmulators } from '../../support/emulators.ts';
import { given, NOW } from '../../support/given.ts';

let emulators: Emulators;
let gateway: Gateway;
let connection: HandlerConnection;
let aws: AwsHandler;
beforeAll(async () => {
  emulators = await startEmulators();
  gateway = await startGateway(0);
});
afterAll(async () => {
  gateway.stop();
  await emulators.stop();
});
beforeEach(async () => {
  const table = `table-${crypto.randomUUID()}`;
  await emulators.createTable(table);
  const resources = {
    ...{ table, bucket: 'bucket', schedule: 'schedule', processor: 'processor' },
    ...{ intake: 'intake', sweeper: 'sweeper', worker: 'worker', outcome: 'outcome' },
    ...{ batchQueue: 'q', workQueue: 'q', outcomeQueue: 'q', webhook: 'webhook' },
    ...{ deadLetterQueue: 'q', workDeadLetterQueue: 'q', outcomeDeadLetterQueue: 'q' },
  };
  const settings = { providers: { openai: { kind: 'openai' as const } } };
  const items = dynamoTable(emulators.table, table);
  aws = {
    ...{ stack: 'Test', path: 'Test/Batches', resources, secrets: { openai: 'arn:openai' } },
    access: { ...clientSettings(gateway.url), maxAttempts: 1 } as AwsHandler['access'],
  };
  connection = {
    handler: { name: 'Test', providers: ['openai'], version: '0.0.1', settings },
    ...{ aws, items },
    batches: batchStore(items, DEFAULT_POLICY),
    providerStates: providerStateStore(items),
    objects: realClientObjects(emulators.s3, { bucket: 'bucket' }),
    queues: realClientQueues(emulators.sqs, {}),
  };
});

/** AWS with the services of the test; all others deny access. */
function answers(services: Record<string, Service>): void {
  const denied: Service = () => serviceError(400, 'AccessDeniedException', 'not authorized');
  const all = { secretsmanager: denied, lambda: denied, scheduler: denied, ...services };
  gateway.route({ services: all, upstreams: {} });
}

const answer =
  (body: object): Service =>
  () => ({ status: 200, body });
const variables = (values: Record<string, object>): Service =>
  answer({
    State: 'Active',
    Environment: {
      Variables: Object.fromEntries(
        Object.entries(values).map(([name, value]) => [name, JSON.stringify(value)]),
      ),
    },
  });

async function found(check: Check<AwsDoctorContext>) {
  const findings = [];
  const context = awsDoctorContext(connection, aws, () => NOW);
  for await (const { check: _, ...rest } of diagnose(context, [check])) findings.push(rest);
  return findings;
}

const fresh: ProviderState = { schemaVersion: 1, provider: 'openai', version: 1 };

describe('secrets', () => {
  const lambda = variables({ [ENVIRONMENT.webhookSecrets]: { openai: 'arn:webhook' } });

  it('that are not filled in are problems with a fix, also those for webhooks', async () => {
    answers({ lambda, secretsmanager: answer({ SecretString: SECRET_PLACEHOLDER }) });
    expect(await found(secretsCheck)).toEqual([
      {
        level: 'problem',
        what: 'the secret of openai is not filled in: its batches wait',
        fix: 'batch-handler key openai',
      },
      {
        level: 'problem',
        what: expect.stringContaining('the secret for the webhooks of openai is not filled in'),
        fix: 'aws secretsmanager put-secret-value --secret-id arn:webhook --secret-string KEY',
      },
    ]);
  });

  it('of another stack are those that the functions read', async () => {
    Object.assign(aws, { secrets: {} });
    const both = { [ENVIRONMENT.secrets]: { openai: 'openai-api-key' } };
    answers({
      lambda: variables(both),
      secretsmanager: answer({ SecretString: SECRET_PLACEHOLDER }),
    });
    expect(await found(secretsCheck)).toMatchObject([
      { level: 'problem', fix: 'batch-handler key openai' },
    ]);
  });

  it('are never shown', async () => {
    answers({ lambda, secretsmanager: answer({ SecretString: 'sk-very-secret' }) });
    const findings = await found(secretsCheck);
    expect(findings.map(({ level }) => level)).toEqual(['ok', 'ok']);
    expect(JSON.stringify(findings)).not.toContain('very-secret');
  });

  it('that the caller may not read are a note', async () => {
    answers({ lambda });
    const [first] = await found(secretsCheck);
    expect(first).toEqual({
      level: 'note',
      what: 'you may not read the secret of openai; no action needed, the functions may',
    });
  });
});

describe('a provider', () => {
  const REFUSAL = '{"error":{"code":"invalid_api_key","message":"Incorrect API key provided"}}';
  async function withServer(
    { status, body = REFUSAL }: { status: number; body?: string },
    run: (url: string) => Promise<void>,
  ) {
    const server = createServer((_, response) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    try {
      await run(url);
    } finally {
      server.close();
    }
  }
  const secret = answer({ SecretString: 'sk-test' });

  it('that refuses the credentials is a problem', () =>
    withServer({ status: 401 }, async (url) => {
      const lambda = variables({ [ENVIRONMENT.providerBaseUrls]: { openai: url } });
      answers({ lambda, secretsmanager: secret });
      expect(await found(providersCheck)).toMatchObject([
        {
          level: 'problem',
          what: expect.stringMatching(/^openai refuses the credentials: /),
          fix: expect.stringContaining('batch-handler resume openai'),
        },
      ]);
    }));

  it('that answers with something else than its jobs has a wrong address or kind', () =>
    withServer({ status: 200, body: '{"batches":[]}' }, async (url) => {
      const lambda = variables({ [ENVIRONMENT.providerBaseUrls]: { openai: url } });
      answers({ lambda, secretsmanager: secret });
      expect(await found(providersCheck)).toEqual([
        {
          level: 'problem',
          what: 'openai gives no list of jobs: OpenAI, list: the answer has another form than it must have: data is missing: must be a list',
          fix: "correct baseUrl and kind of the entry's settings",
        },
      ]);
    }));

  it('without a secret is not called, because only the functions have its role', async () => {
    Object.assign(aws, { secrets: {} });
    answers({ lambda: variables({}) });
    expect(await found(providersCheck)).toMatchObject([{ level: 'note' }]);
  });

  it('that does not answer is distinguished from one that refuses', async () => {
    let closed = '';
    await withServer({ status: 200 }, async (url) => {
      closed = url;
    });
    const lambda = variables({ [ENVIRONMENT.providerBaseUrls]: { openai: closed } });
    answers({ lambda, secretsmanager: secret });
    expect(await found(providersCheck)).toMatchObject([
      { level: 'problem', what: expect.stringMatching(/^openai cannot be reached from here: /) },
    ]);
  });

  it('whose secret the caller may not read is not called', async () => {
    answers({ lambda: variables({}) });
    expect(await found(providersCheck)).toMatchObject([
      { level: 'unknown', what: 'openai was not called: you may not read its secret' },
    ]);
  });
});

describe('the admission', () => {
  const reason = { code: 'invalid_api_key', message: 'no such key' };
  const BACKOFF = DEFAULT_POLICY.accountBackoff;

  it('of a provider that refuses the account is a problem', async () => {
    await connection.providerStates.replace(withAccountRefusal(fresh, { reason }, BACKOFF, NOW));
    expect(await found(admissionCheck)).toEqual([
      {
        level: 'problem',
        what: 'openai is blocked for another 5m, after 1 refusal in a row: invalid_api_key: no such key',
        fix: 'correct what that names of its key, permissions, billing or settings, then run batch-handler resume openai',
      },
    ]);
  });

  it.each([
    ['m', 'batch b1'],
    ['n', 'the model m'],
  ])('that refuses one job while one of %s is accepted names %s', async (model, only) => {
    const job = { batchId: 'b1', model: 'm', seenIn: 'job' } as const;
    const blocked = withAccountRefusal(fresh, { reason, job }, BACKOFF, NOW);
    const work = { batchId: 'b2', model, submittedAt: NOW + 1, seenIn: 'job' } as const;
    await connection.providerStates.replace(withAcceptance(blocked, work, NOW + 1));
    expect(await found(admissionCheck)).toMatchObject([
      {
        level: 'problem',
        what: `openai refuses the account for ${only} alone, which waits for another 5m, after 1 refusal in a row: invalid_api_key: no such key`,
      },
    ]);
  });

  const refusedJob = { model: 'm', tokens: 99, requests: 2, beside: { tokens: 0, accepted: 0 } };

  it('of a provider over quota is a note', async () => {
    const job = { ...refusedJob, reason };
    const held = withRefusedJob(fresh, job, DEFAULT_POLICY, NOW);
    await connection.providerStates.replace(held);
    expect(await found(admissionCheck)).toMatchObject([
      {
        level: 'note',
        what: expect.stringContaining('openai is over quota and cooling down for another'),
      },
    ]);
  });

  it('of a model over quota is a note, and so is what was learned of it', async () => {
    const quota = { of: 'tokens', limit: 90_000 } as const;
    const job = { ...refusedJob, reason: { ...reason, quota } };
    const held = withRefusedJob(fresh, job, DEFAULT_POLICY, NOW);
    await connection.providerStates.replace(held);
    expect(await found(admissionCheck)).toEqual([
      {
        level: 'note',
        what: 'openai is full for m and cooling down for another 60s, after 1 refusal in a row: invalid_api_key: no such key',
      },
      {
        level: 'note',
        what: `learned limit of m at openai: about 81,000 enqueued tokens (the provider says 90,000), from a refusal at ${new Date(NOW).toISOString()}`,
        fix: 'batch-handler resume openai, if it no longer holds',
      },
    ]);
  });

  it('of an entry that is no longer deployed is a problem if it has batches', async () => {
    await connection.providerStates.replace({ ...fresh, provider: 'gone' });
    expect(await found(admissionCheck)).toMatchObject([{ level: 'ok' }]);
    await connection.batches.create(given('queued', { provider: 'gone', version: 0 }));
    expect(await found(admissionCheck)).toMatchObject([
      {
        level: 'problem',
        what: 'the deployment no longer has entry gone, where 1 batch waits or runs',
      },
    ]);
  });
});

describe('batches', () => {
  it('that wait are reported with the oldest', async () => {
    const createdAt = NOW - 3 * 60 * 60_000;
    await connection.batches.create(given('queued', { batchId: 'old', version: 0, createdAt }));
    expect(await found(waitingCheck)).toEqual([
      { level: 'ok', what: '1 queued for openai; the oldest, old, was added 3h ago' },
    ]);
  });

  it('that are overdue are a problem, unless a worker has claimed them', async () => {
    const long = NOW - 60 * 60_000;
    const late = { dueAt: long, statusAt: long, version: 0 };
    const claim = { token: 't', leaseUntil: NOW + 1 };
    await connection.batches.create(given('collecting', { ...late, batchId: 'stuck' }));
    await connection.batches.create(given('collecting', { ...late, batchId: 'claimed', claim }));
    await connection.batches.create(given('running', { ...late, batchId: 'running' }));
    expect(await found(overdueCheck)).toMatchObject([
      {
        level: 'problem',
        what: expect.stringMatching(/^stuck has been collecting for 60m and is overdue/),
      },
    ]);
  });
});

it('another version than this one is a note', async () => {
  expect(await found(versionCheck)).toMatchObject([
    {
      level: 'note',
      what: expect.stringMatching(/^0\.0\.1 is deployed, with openai; this .* is /),
    },
  ]);
});

describe('the sweep', () => {
  const schedule = answer({ State: 'ENABLED', ScheduleExpression: 'rate(1 minute)' });
  const lambda = answer({ LoggingConfig: { LogGroup: 'Test-SweeperLogs1234' } });
  const deployed = (minutesAgo: number): Service => {
    const time = new Date(NOW - minutesAgo * 60_000).toISOString();
    const stack = `<StackName>Test</StackName><StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>${time}</CreationTime>`;
    const body = `<DescribeStacksResponse><DescribeStacksResult><Stacks><member>${stack}</member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;
    return () => ({ status: 200, headers: { 'content-type': 'text/xml' }, body });
  };

  it('that has not come yet is no problem after a deployment', async () => {
    answers({ scheduler: schedule, lambda, cloudformation: deployed(1) });
    expect(await found(sweepCheck)).toEqual([
      {
        level: 'note',
        what: 'none has ended yet, 60s after the deployment: the first comes with the schedule',
      },
    ]);
  });

  it('that never came is a problem, with the log group of the function', async () => {
    answers({ scheduler: schedule, lambda, cloudformation: deployed(60) });
    expect(await found(sweepCheck)).toEqual([
      {
        level: 'problem',
        what: 'no sweep has ended yet',
        fix: 'see its logs: aws logs tail Test-SweeperLogs1234 --since 1h',
      },
    ]);
    // Without the permissions, nothing is known of the deployment and the log group.
    answers({});
    expect(await found(sweepCheck)).toMatchObject([
      { level: 'problem', fix: 'see the logs of function sweeper' },
    ]);
  });
});

describe('a finding about AWS', () => {
  it('reports a disabled schedule', async () => {
    answers({ scheduler: answer({ State: 'DISABLED', ScheduleExpression: 'rate(1 minute)' }) });
    expect(await found(scheduleCheck)).toMatchObject([
      { level: 'problem', what: 'disabled: no batch is started, checked or delivered' },
    ]);
  });

  it('reports a function that cannot run', async () => {
    answers({ lambda: answer({ State: 'Failed', StateReason: 'its key is gone' }) });
    const [first] = await found(functionsCheck);
    expect(first).toMatchObject({ level: 'problem', what: 'intake cannot run: its key is gone' });
  });

  it('reports a small quota', async () => {
    const AccountLimit = { ConcurrentExecutions: 10, UnreservedConcurrentExecutions: 10 };
    answers({ lambda: answer({ AccountLimit }) });
    expect(await found(concurrencyCheck)).toMatchObject([
      { level: 'note', what: expect.stringContaining('10 of 10') },
    ]);
  });

  it.each([
    ['schedule', scheduleCheck, 'needs scheduler:GetSchedule'],
    ['functions', functionsCheck, 'needs lambda:GetFunctionConfiguration'],
    ['concurrency', concurrencyCheck, 'needs lambda:GetAccountSettings'],
  ])('about the %s names the missing permission', async (_, check, fix) => {
    answers({});
    expect(await found(check)).toEqual([
      { level: 'unknown', what: 'not checked: access denied', fix },
    ]);
  });
});
