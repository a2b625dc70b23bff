import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { realEventBus } from '../../../shared/aws/eventBus.ts';
import { realProcessor } from '../../../shared/aws/processor.ts';
import { realSecrets } from '../../../shared/aws/secrets.ts';
import type { ProcessorEvent, StateChange } from '../../../shared/batch/contracts.ts';
import { InvocationRefusedError } from '../../../shared/batch/errors.ts';
import { isFilled } from '../../../shared/providers/settings.ts';
import { clientSettings } from '../../support/emulators.ts';
import { type Answer, type BadNetwork, startProxy } from '../../support/emulatorsProxy.ts';

/** Services without an emulator: the SDK's real clients against recorded responses. */

let service: BadNetwork;
let answers: Answer[];

beforeEach(async () => {
  answers = [];
  service = await startProxy(undefined, () => answers.shift() ?? { status: 500, body: '{}' });
});
afterEach(() => service.close());

const json = (status: number, body: object): Answer => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: JSON.stringify(body),
});

describe('the processor', () => {
  const arn = 'arn:aws:lambda:us-east-1:123456789012:function:mine:live';
  const event = { version: 1, deliveryId: 'd-ü', batchId: 'b1' } as ProcessorEvent;

  test('is invoked asynchronously, by its qualified ARN', async () => {
    // Prepare
    const processor = realProcessor(new LambdaClient(clientSettings(service.url)), arn);
    answers = [{ status: 202 }];
    // Act
    await processor.invoke(event);
    // Assess
    const [request] = service.received;
    expect(decodeURIComponent(request?.path ?? '')).toBe(
      `/2015-03-31/functions/${arn}/invocations`,
    );
    expect(request?.headers['x-amz-invocation-type']).toBe('Event');
    expect(JSON.parse(String(request?.body))).toEqual(event);
  });

  test('is invoked again when Lambda is busy, and an error is an error', async () => {
    // Prepare
    const processor = realProcessor(new LambdaClient(clientSettings(service.url)), arn);
    const refusal = (status: number, type: string): Answer => ({
      status,
      headers: { 'x-amzn-errortype': type },
      body: JSON.stringify({ Message: 'no' }),
    });
    answers = [
      refusal(429, 'TooManyRequestsException'),
      { status: 202 },
      refusal(404, 'ResourceNotFoundException'),
    ];
    // Act and assess
    await processor.invoke(event);
    await expect(processor.invoke(event)).rejects.toThrow(InvocationRefusedError);
    expect(service.received).toHaveLength(3);
    // Lambda may have accepted the first try, whose reply was lost.
    answers = [refusal(500, 'ServiceException'), refusal(404, 'ResourceNotFoundException')];
    const error = await processor.invoke(event).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(InvocationRefusedError);
  });
});

describe('the event bus', () => {
  const change: StateChange = {
    version: 1,
    batchId: 'b1',
    provider: 'openai',
    from: 'queued',
    to: 'submitting',
    attempt: 0,
    counts: { total: 1, succeeded: 0, failed: 0, unfinished: 1 },
    cost: null,
    reasons: [],
    metadata: { a: 'b' },
    at: '2027-01-15T08:00:00.000Z',
  };
  const connect = () => realEventBus(new EventBridgeClient(clientSettings(service.url)), 'bus');

  test('receives one event for each state change', async () => {
    // Prepare
    answers = [json(200, { FailedEntryCount: 0, Entries: [{ EventId: '1' }] })];
    // Act
    await connect().publish(change);
    // Assess
    const { Entries } = JSON.parse(String(service.received[0]?.body));
    expect(Entries).toEqual([
      {
        EventBusName: 'bus',
        Source: 'batch-handler',
        DetailType: 'Batch State Change',
        Time: Date.parse(change.at) / 1000,
        Detail: JSON.stringify(change),
      },
    ]);
  });

  test('that does not accept the event, in a call that succeeds, is an error', async () => {
    const entry = { ErrorCode: 'InternalFailure', ErrorMessage: 'later' };
    answers = [json(200, { FailedEntryCount: 1, Entries: [entry] })];
    await expect(connect().publish(change)).rejects.toThrow(
      'event bus bus did not accept the event of batch b1: InternalFailure: later',
    );
  });
});

describe('secrets', () => {
  let now = 0;
  const clock = { now: () => now };
  const connect = () =>
    realSecrets(new SecretsManagerClient(clientSettings(service.url)), clock, isFilled);
  const missing = json(400, { __type: 'ResourceNotFoundException', Message: 'none' });

  test('are read once in a quarter of an hour, however many calls there are', async () => {
    // Prepare
    const secrets = connect();
    answers = [json(200, { SecretString: 'one' }), json(200, { SecretString: 'two' })];
    // Act
    const both = await Promise.all([secrets.get('arn:a'), secrets.get('arn:a')]);
    now += 15 * 60_000 - 1;
    const known = await secrets.get('arn:a');
    now += 1;
    const changed = await secrets.get('arn:a');
    // Assess
    expect([...both, known, changed]).toEqual(['one', 'one', 'one', 'two']);
    expect(JSON.parse(String(service.received[0]?.body))).toEqual({ SecretId: 'arn:a' });
    expect(service.received).toHaveLength(2);
  });

  test('without a value are undefined, which is not kept', async () => {
    const secrets = connect();
    answers = [missing, json(200, { SecretString: 'filled' })];
    expect(await secrets.get('arn:a')).toBeUndefined();
    expect(await secrets.get('arn:a')).toBe('filled');
  });

  test.each(['FILL-ME', ' FILL-ME\n', ' '])('that hold %j are not kept', async (unfilled) => {
    const secrets = connect();
    answers = [json(200, { SecretString: unfilled }), json(200, { SecretString: 'filled' })];
    expect(await secrets.get('arn:a')).toBe(unfilled);
    expect(await secrets.get('arn:a')).toBe('filled');
  });

  test('that were refused are read anew', async () => {
    const secrets = connect();
    answers = [json(200, { SecretString: 'old' }), json(200, { SecretString: 'new' })];
    expect(await secrets.get('arn:a')).toBe('old');
    expect(await secrets.get('arn:a', true)).toBe('new');
    expect(await secrets.get('arn:a')).toBe('new');
  });

  test('that must not be read are an error, which is not cached', async () => {
    // Prepare
    const secrets = connect();
    answers = [
      json(400, { __type: 'AccessDeniedException', Message: 'not allowed' }),
      json(200, { SecretString: 'one' }),
    ];
    // Act and assess
    await expect(secrets.get('arn:a')).rejects.toThrow('not allowed');
    expect(await secrets.get('arn:a')).toBe('one');
  });
});
