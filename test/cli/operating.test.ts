import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findHandlerNames } from '../../local/stackSettings.ts';
import { secretsManagerClient } from '../../shared/aws/clients/secretsManager.ts';
import { createClient, localStack } from '../../shared/client/index.ts';
import { eventually } from '../local/fixtures/eventually.ts';
import { sdkSettings } from '../local/fixtures/toyAccess.ts';
import { cliRun } from '../support/cliRun.ts';
import { type HandlerRun, startHandlerRun } from '../support/handlerRun.ts';

let run: HandlerRun;
let local: string;
let sqs: SQSClient;
beforeAll(async () => {
  run = await startHandlerRun();
  local = `--local=${run.dataDirectory}`;
  sqs = new SQSClient(sdkSettings(run.stack));
});
afterAll(() => run?.stop());

async function send(message: object): Promise<void> {
  const { resources, endpointUrl } = run.stack;
  const { batchQueue } = findHandlerNames(resources);
  const QueueUrl = `${endpointUrl}/000000000000/${batchQueue}`;
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(message) }));
}

type Finding = { check: string; level: string; what: string; fix?: string };

async function doctor(now = Date.now): Promise<{ code: number; findings: Finding[] }> {
  const { code, stdout } = await cliRun(['doctor', local, '--json'], { now });
  const findings = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Finding);
  return { code, findings };
}

describe('doctor', () => {
  it('finds no problem at a healthy handler, and can make all its checks', async () => {
    const { code, findings } = await eventually(
      () => doctor(),
      (found) => found.code === 0,
    );
    // A stack that is seconds old may not have swept yet, which is no problem.
    const others = findings.filter(({ level, check }) => level !== 'ok' && check !== 'sweep');
    expect(others).toEqual([]);
    expect(findings.find(({ check }) => check === 'sweep')?.level).toMatch(/^(ok|note)$/);
    expect(code).toBe(0);
    expect(new Set(findings.map(({ check }) => check)).size).toBe(18);
  });

  it('finds a wrong clock, and a sweep that is long overdue', async () => {
    const { code, findings } = await doctor(() => Date.now() + 60 * 60_000);
    expect(code).toBe(1);
    const problems = findings.filter(({ level }) => level === 'problem');
    expect(problems.map(({ check, what }) => [check, what])).toEqual([
      ['clock', expect.stringContaining('60m ahead of AWS')],
      ['sweep', expect.stringContaining('no batch makes progress')],
    ]);
  });

  it('prints its findings as text', async () => {
    const { stdout } = await cliRun(['doctor', local]);
    expect(stdout).toMatch(/^ok {3}secrets {7}the secret of openai is filled in$/m);
    expect(stdout).not.toContain('sk-local');
    expect(stdout).toContain('no problems found');
  });
});

describe('pause and resume', () => {
  it('appear in the findings of the doctor as a note with the reason', async () => {
    const paused = await cliRun(['pause', 'openai', '--reason', 'incident', local]);
    expect(paused).toMatchObject({ code: 0, stdout: expect.stringContaining('openai is paused') });
    const { code, findings } = await doctor();
    expect(code).toBe(0);
    expect(findings.find(({ check }) => check === 'admission')).toMatchObject({
      level: 'note',
      what: expect.stringMatching(
        new RegExp(`^openai was paused by ${userInfo().username} \\d+s ago: incident$`),
      ),
      fix: `batch-handler resume openai --local ${run.dataDirectory}`,
    });
    expect(await cliRun(['resume', 'openai', local, '--json'])).toMatchObject({
      code: 0,
      stdout: '{"action":"resume","provider":"openai"}\n',
    });
  });

  it('refuse an unknown provider', async () => {
    const { code, stderr } = await cliRun(['pause', 'nobody', local]);
    expect(code).toBe(2);
    expect(stderr).toBe('there is no provider nobody: use one of openai\n');
  });
});

describe('key', () => {
  const secretsOf = async () => {
    const { connection } = await createClient(await localStack(run.dataDirectory));
    const client = secretsManagerClient(connection.aws?.access);
    const { openai: SecretId } = connection.aws?.secrets ?? {};
    const read = await client.send(new GetSecretValueCommand({ SecretId }));
    return read.SecretString;
  };

  it.each([
    ['typed where nothing is shown', { secret: ' sk-typed \n' }, 'sk-typed'],
    ['piped in', { stdin: 'sk-piped\n' }, 'sk-piped'],
  ])('stores a key that is %s, and resumes the provider', async (_, input, stored) => {
    const { code, stdout, stderr } = await cliRun(['key', 'openai', local], input);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      'the key of openai is stored, and openai is resumed: the next sweep starts queued batches\n',
    );
    expect(await secretsOf()).toBe(stored);
  });

  it('leaves a provider paused that a user has paused', async () => {
    await cliRun(['pause', 'openai', local]);
    const { stdout } = await cliRun(['key', 'openai', local, '--json'], { stdin: 'sk-other' });
    expect(JSON.parse(stdout)).toMatchObject({ provider: 'openai', resumed: false });
    await cliRun(['resume', 'openai', local]);
  });

  it.each([
    ['openai', 'sk-with a space', /^the key has spaces or other characters/],
    ['openai', ' \n', /^the key is empty: nothing was stored$/],
    ['openai', `sk-${'x'.repeat(70_000)}`, /^a key has at most 65536 bytes$/],
    ['nobody', 'sk-x', /^there is no provider nobody: use one of openai$/],
  ])('refuses what is no key of %s', async (entry, stdin, why) => {
    const before = await secretsOf();
    const { code, stdout, stderr } = await cliRun(['key', entry, local], { stdin });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trimEnd()).toMatch(why);
    expect(stderr).not.toContain('sk-');
    expect(await secretsOf()).toBe(before);
  });
});

describe('remove', () => {
  it('shows what may still run, asks, and removes a batch whose record cannot be read', async () => {
    const { table } = findHandlerNames(run.stack.resources);
    const record = `{"keyPrefix":"bh0123456789abcdef","spec":`;
    const item = {
      id: { S: 'batch#unreadable' },
      ...{ writeToken: { S: 't' }, schemaVersion: { N: '2' }, version: { N: '3' } },
      ...{ status: { S: 'running' }, provider: { S: 'openai' }, jobId: { S: 'batch_1' } },
      ...{ record: { S: record }, queue: { S: 'open#0' }, dueAt: { S: '0'.repeat(15) } },
      activeProvider: { S: 'openai' },
    };
    await run.stack.clients.dynamodb.send(new PutItemCommand({ TableName: table, Item: item }));
    const { findings } = await eventually(
      () => doctor(),
      (found) => found.findings.some(({ what }) => what.startsWith('the record of unreadable')),
    );
    expect(findings).toContainEqual({
      ...{ check: 'records', level: 'problem' },
      what: 'the record of unreadable cannot be read: nothing happens to it',
      fix: `batch-handler remove unreadable --local ${run.dataDirectory}, which shows what may still run at its provider`,
    });
    const declined = await cliRun(['remove', 'unreadable', local], { answer: 'n' });
    expect(declined).toMatchObject({ code: 0, stdout: '' });
    expect(declined.stderr).toContain('At provider openai, job batch_1 may still run');
    expect(declined.stderr).toContain('names that begin with bh0123456789abcdef');
    const removed = await cliRun(['remove', 'unreadable', local, '--yes']);
    expect(removed).toMatchObject({ code: 0, stdout: expect.stringContaining('remove sent') });
    const shown = await eventually(
      () => cliRun(['show', 'unreadable', local]),
      ({ stderr }) => !stderr.includes('cannot be read'),
    );
    expect(shown.stderr).toContain('there is no batch unreadable');
  });
});

describe('redrive', () => {
  it('shows the reasons, asks, moves the messages and follows the move to its end', async () => {
    expect(await cliRun(['redrive', local])).toMatchObject({
      code: 0,
      stderr: 'there are no dead letters\n',
    });
    await send({ batchId: 'late' });
    const found = await eventually(
      () => doctor(),
      ({ code }) => code === 1,
    );
    expect(found.findings.find(({ level }) => level === 'problem')).toMatchObject({
      check: 'dead letters',
      what: expect.stringContaining('no_such_file'),
      fix: `fix the cause, then run batch-handler redrive --queue batch --local ${run.dataDirectory}`,
    });

    const declined = await cliRun(['redrive', local], { answer: 'n' });
    expect(declined).toMatchObject({ code: 1, stdout: '' });
    expect(declined.stderr).toMatch(
      /^batch: 1 message, .*\n {2}1× no_such_file: .*\nnothing was changed\n$/,
    );
    const unasked = await cliRun(['redrive', local]);
    expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining('add --yes') });

    const moved = await cliRun(['redrive', local, '--queue', 'batch', '--yes', '--json']);
    expect(moved.code).toBe(0);
    expect(JSON.parse(moved.stdout)).toMatchObject({
      queue: 'batch',
      messages: 1,
      status: 'completed',
      moved: 1,
    });
  });

  it('refuses an unknown queue', async () => {
    const { code, stderr } = await cliRun(['redrive', local, '--queue', 'other']);
    expect(code).toBe(2);
    expect(stderr).toContain('batch, work, outcome, collector');
  });
});

describe('estimate', () => {
  it('uses the entries of the deployment', async () => {
    const requests = join(import.meta.dirname, '..', '..', 'examples', 'requests.jsonl');
    const { code, stdout } = await cliRun(['estimate', requests, local]);
    expect(code).toBe(0);
    expect(stdout).toContain('requests.jsonl: 24 requests');
    expect(stdout).toContain('nothing was sent');
    const other = await cliRun(['estimate', requests, local, '--provider', 'nobody']);
    expect(other).toMatchObject({ code: 2, stderr: 'provider is "nobody": use one of openai\n' });
  });

  it('needs no stack if a kind is given, and lists every problem', async () => {
    const file = join(run.dataDirectory, 'bad.jsonl');
    writeFileSync(file, '{"custom_id":"a"}\n{\n');
    const { code, stdout } = await cliRun(['estimate', file, '--kind', 'openai']);
    expect(code).toBe(1);
    expect(stdout).toBe(`bad.jsonl would be refused: 2 problems in 2 requests
  line 1: method is not "POST" (invalid_method)
  line 2: is not JSON: write one JSON object on each line (invalid_json_line)
nothing was sent
`);
  });

  it.each([
    ['--input-price 3', 2, '--output-price is missing: name both prices'],
    ['--output-price 3', 2, '--input-price is missing: name both prices'],
    ['--builtin-prices', 0, 'the built-in list has no price of this model at this provider'],
    ['', 0, 'no price is set for the model'],
  ])('with %j says which price is missing', async (options, code, text) => {
    const file = join(run.dataDirectory, 'unpriced.jsonl');
    const body = { model: 'a-model-of-mine', messages: [{ role: 'user', content: 'Hi' }] };
    const line = { custom_id: 'a', method: 'POST', url: '/v1/chat/completions', body };
    writeFileSync(file, JSON.stringify(line));
    const given = ['--kind', 'xai', ...options.split(' ').filter(Boolean)];
    const result = await cliRun(['estimate', file, ...given]);
    expect(result.code).toBe(code);
    // The terminal wraps the text.
    expect(`${result.stdout}${result.stderr}`.replace(/\s+/g, ' ')).toContain(text);
  });

  it.each([
    'openai-compatible',
    'azure-openai',
    'anthropic',
    'vertex-ai',
    'bedrock',
    'gemini',
    'mistral',
    'xai',
    'together',
  ])('knows %s without settings', async (kind) => {
    const file = join(run.dataDirectory, 'empty.jsonl');
    writeFileSync(file, '');
    const { code, stdout } = await cliRun(['estimate', file, '--kind', kind, '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout).reasons).toMatchObject([{ code: 'empty_file' }]);
  });
});
