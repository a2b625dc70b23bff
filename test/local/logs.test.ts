import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBatchReader } from '../../local/batches.ts';
import { type RunningStack, startStack } from '../../local/stack.ts';
import { findHandlerNames } from '../../local/stackSettings.ts';
import { readAssembly } from '../../local/template/assembly.ts';
import { isByProvider, LOG_MESSAGES, METRICS, unitOf } from '../../shared/metrics.ts';
import { synthesizedStack } from '../support/localStackAssembly.ts';
import { eventually } from './fixtures/eventually.ts';

const PROMPT = 'the-text-of-a-prompt';
/** What the local run puts into the secret of OpenAI's entry. */
const KEY = 'sk-local-simulator';

let directory: string;
let stack: RunningStack;
let lines: readonly Record<string, unknown>[];

/** What the batch and the messages below make the functions say. */
const WANTED: readonly string[] = [
  ...['batch accepted', 'work done', 'batch state change', 'delivery outcome recorded'],
  ...[LOG_MESSAGES.providerCoolingDown, 'message refused', 'sweep done'],
];
const REFUSED = 3;
const WANTED_METRICS = [METRICS.requestsSucceeded, METRICS.inFlight, METRICS.tokens];

/** A batch with the incidents of a provider, and messages that are refused, through the real functions. */
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'logs-'));
  stack = await startStack(await readAssembly(await synthesizedStack()), {
    dataDirectory: join(directory, 'data'),
    intervalSeconds: 0.5,
    timeScale: 0.5 / 60,
    port: 0,
    plan: ['failed_quota', 'expired', 'partial', 'completed'],
    environment: {},
    onEvent: () => {},
  });
  const { bucket, table, batchQueue } = findHandlerNames(stack.resources);
  const queueUrl = stack.resources.queues.find(({ name }) => name === batchQueue)?.url ?? '';
  const send = (body: object) =>
    stack.clients.sqs.send(
      new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(body) }),
    );
  const requests = ['a', 'b', 'c', 'd', 'e', 'f'].map(requestLine).join('\n');
  const { s3 } = stack.clients;
  await s3.send(
    new PutObjectCommand({ Bucket: bucket, Key: 'uploads/watched.jsonl', Body: requests }),
  );
  await send({ batchId: 'watched' });
  await send({ batchId: 'missing' });
  await send({ action: 'pause', batchId: PROMPT });
  const reader = createBatchReader(stack.clients.dynamodb, table);
  const batch = await eventually(
    () => reader.get('watched'),
    (found) => found?.status === 'completed',
  );
  expect(batch).toMatchObject({ status: 'completed' });
  await send({ action: 'retry', batchId: 'watched' });
  lines = await eventually(
    () => functionLines(),
    (logged) =>
      WANTED.every((wanted) => logged.some(({ message }) => message === wanted)) &&
      WANTED_METRICS.every((name) => logged.some((line) => name in line)) &&
      logged.filter(({ message }) => message === 'message refused').length >= REFUSED,
  );
});
afterAll(async () => {
  await stack?.stop();
  rmSync(directory, { recursive: true, force: true });
});

function requestLine(customId: string): string {
  const messages = [{ role: 'user', content: `${PROMPT} ${customId}` }];
  const body = { model: 'gpt-4o-mini', messages };
  return JSON.stringify({ custom_id: customId, method: 'POST', url: '/v1/chat/completions', body });
}

/** What the handler's own functions have logged, without the lines that are being written. */
function functionLogs(): string {
  const logs = join(directory, 'data', 'logs');
  return readdirSync(logs)
    .filter((name) => /Batches(Intake|Sweeper|Worker|Outcome)/.test(name))
    .map((name) => readFileSync(join(logs, name), 'utf8').replace(/[^\n]+$/, ''))
    .join('');
}

function functionLines(): readonly Record<string, unknown>[] {
  return functionLogs()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
}

/** Lines about no batch: of a sweep, and of a message that names none. */
const ABOUT_NO_BATCH = new Set(['sweep done', 'sweep skipped; another one is in progress']);

describe('the logs of the functions', () => {
  it('name the batch and its attempt in every line that concerns one', () => {
    const told = lines.filter(({ message }) => message !== undefined);
    const nameless = told.filter(
      ({ message, batchId, attempt, reason }) =>
        !ABOUT_NO_BATCH.has(String(message)) &&
        (typeof batchId !== 'string' || typeof attempt !== 'number') &&
        (reason as { code?: string } | undefined)?.code !== 'invalid_message',
    );

    expect(nameless).toEqual([]);
    const messages = new Set(told.map(({ message }) => message));
    expect([...messages]).toEqual(expect.arrayContaining([...WANTED]));
  });

  it('tell the whole life of the batch under its id', () => {
    const changes = lines
      .filter(({ message, batchId }) => message === 'batch state change' && batchId === 'watched')
      .map(({ to }) => to);
    expect(new Set(changes)).toEqual(
      new Set([
        ...['queued', 'submitting', 'running', 'collecting', 'retrying', 'delivering', 'completed'],
      ]),
    );
  });

  it('hold no text of a prompt, and no key', () => {
    const text = functionLogs();
    expect(text).not.toContain(`${PROMPT} `);
    expect(text).not.toContain(KEY);
  });

  it('tell metrics by their names, in their units, for the providers that they are told for', () => {
    const told = new Set<string>();
    for (const { _aws: embedded, ...values } of lines) {
      const { CloudWatchMetrics: directives = [] } = (embedded ?? {}) as Embedded;
      for (const { Dimensions: sets, Metrics: metrics } of directives)
        for (const { Name: name, Unit: unit } of metrics) {
          told.add(name);
          expect(values[name]).toBeDefined();
          expect(Object.values(METRICS)).toContain(name);
          expect(unit).toBe(unitOf(name));
          const dimensions = sets.map((set) => set.toSorted().join(' '));
          expect(dimensions).toHaveLength(1);
          if (dimensions[0] !== 'service') {
            expect(dimensions[0]).toBe('provider service');
            expect(isByProvider(name), name).toBe(true);
          }
        }
    }
    expect([...told]).toEqual(expect.arrayContaining(WANTED_METRICS));
  });
});

interface Embedded {
  readonly CloudWatchMetrics?: readonly {
    readonly Dimensions: readonly (readonly string[])[];
    readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
  }[];
}
