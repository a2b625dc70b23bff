import { join } from 'node:path';
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { readQueue } from '../../local/emulators/createResources.ts';
import { eventually } from '../local/fixtures/eventually.ts';
import { cliRun } from '../support/cliRun.ts';
import type { HandlerRun } from '../support/handlerRun.ts';
import { ROOT } from './shellBlocks.ts';

/** Commands that a test of their own runs, because they set up or take down what others stand on. */
export const RUN_ELSEWHERE: Readonly<Record<string, string>> = {
  'npm ci && npm start': 'test/local/example.test.ts',
  'npm start': 'test/local/example.test.ts',
  'npm ci && npm test': '.ci/run',
  'npm ci': '.ci/run',
  'npm run check': '.ci/run',
  'npm test': '.ci/run',
  'npm run coverage': '.ci/run',
  'npm run build:scanner': 'test/shared/jsonl/requestScan.test.ts',
  'npm run synth': '.ci/run',
  'npm run simulate': '.ci/run',
  // CI runs fewer of them.
  'npm run simulate -- --schedules 100000': '.ci/run',
  'npm run simulate -- --exhaustive 1': '.ci/run',
  // Hours of pairs: the test runs a sample of them.
  'npm run simulate -- --exhaustive 2': 'test/simulation/exhaustive.test.ts',
  'npm run simulate:mutants': 'test/simulation/mutants.test.ts',
  'npm run test:deploy': '.ci/run',
  'npm run test:kill': 'test/reliability/killMatrix.test.ts',
  'npm run bench': 'test/bench/command.test.ts',
  'npm run bench -- --json': 'test/bench/command.test.ts',
  'npm run bench -- --only inspect': 'test/bench/command.test.ts',
  'npm run bench -- --write-docs': 'test/bench/command.test.ts',
  'npm pack': 'test/package/package.test.ts',
  'npm ci && npm start -- --keep': 'test/cli/roundTrip.test.ts',
  'npm start -- --plan failed_quota,expired,partial,completed': 'test/local/example.test.ts',
  'npm start -- --provider anthropic': 'test/local/example.test.ts',
  'OPENAI_API_KEY=sk-… npm start -- my-requests.jsonl': 'test/local/example.test.ts',
  'npx cdk synth && npx batch-handler local requests.jsonl --assembly cdk.out':
    'test/package/package.test.ts',
  'npx batch-handler local --assembly cdk.out --keep': 'test/package/package.test.ts',
  'npm ci && npm run build:package': 'test/package/package.test.ts',
  'npx cdk synth --quiet --app "node examples/smallest/app.ts" --output dist/smallest':
    'test/package/package.test.ts',
  'npm start -- --assembly dist/smallest --data .local/smallest': 'test/package/package.test.ts',
  // At a terminal they ask.
  'batch-handler redrive': 'test/cli/operating.test.ts',
  'batch-handler drain': 'test/cli/drain.test.ts',
  // It serves until it is stopped.
  'batch-handler serve --local': 'test/clients/clients.test.ts',
  'batch-handler remove unreadable-batch': 'test/cli/operating.test.ts',
};

/** The stack that the commands of the pages reach. */
type Surroundings = Pick<HandlerRun, 'stack' | 'dataDirectory'>;

/** Brings about what a page takes to have happened; gives what the shell must know of it. */
type Preparation = (surroundings: Surroundings) => Promise<string | undefined>;

const EXAMPLE = join(ROOT, 'examples', 'requests.jsonl');

/** The command line in this process, which starts sooner than one of its own. */
async function batchHandler({ dataDirectory }: Surroundings, ...args: readonly string[]) {
  return cliRun([...args, `--local=${dataDirectory}`]);
}

/** Adds a batch that waits an hour, until the handler has taken it in. */
async function addForLater(surroundings: Surroundings, id: string): Promise<void> {
  const later = new Date(Date.now() + 60 * 60_000).toISOString();
  await batchHandler(surroundings, 'add', EXAMPLE, '--id', id, '--not-before', later);
  const taken = () => batchHandler(surroundings, 'show', id);
  expect(await eventually(taken, ({ code }) => code === 0)).toMatchObject({ code: 0 });
}

/** Adds the batch that most pages ask about, unless another page has. */
const myBatch: Preparation = async (surroundings) => {
  const { code } = await batchHandler(surroundings, 'show', 'my-batch');
  if (code === 0) return;
  await batchHandler(surroundings, 'add', EXAMPLE, '--id', 'my-batch', '--wait');
};

function queueOf({ resources }: Surroundings['stack'], name: string) {
  const queue = resources.queues.find(({ logicalId }) => logicalId.startsWith(`Batches${name}`));
  if (queue === undefined) throw new Error(`the stack has no queue ${name}`);
  return queue;
}

/** Sends a message that is refused at once, and waits until it is put aside. */
const oneDeadLetter: Preparation = async ({ stack }) => {
  const MessageBody = JSON.stringify({ batchId: 'without-a-file' });
  const { url: QueueUrl } = queueOf(stack, 'BatchQueue');
  await stack.clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  const { name } = queueOf(stack, 'BatchDeadLetterQueue');
  const waiting = () => readQueue(stack.emulatorUrl, name);
  const { ready } = await eventually(waiting, (queue) => queue.ready.length > 0);
  expect(ready.length).toBeGreaterThan(0);
};

/** The preparations of commands, by the command as it stands on the page. */
export const BEFORE: Readonly<Record<string, Preparation>> = {
  // What waits for its time would be watched until then.
  'batch-handler watch': async (surroundings) => {
    const open = async () => {
      const { stdout } = await batchHandler(surroundings, 'list', '--status', 'open', '--json');
      const ids = stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line).batchId);
      return ids.find((id) => id.includes('monday'));
    };
    const id = await eventually(open, (found) => found !== undefined);
    expect(await batchHandler(surroundings, 'cancel', id, '--wait')).toMatchObject({ code: 0 });
  },
  'batch-handler cancel tonight weekly --wait': async (surroundings) => {
    for (const id of ['tonight', 'weekly']) await addForLater(surroundings, id);
  },
  'batch-handler redrive --queue batch --yes': oneDeadLetter,
  'aws sqs delete-message --queue-url "$(output DeadLetterQueueUrl)" --receipt-handle "$HANDLE"':
    async (surroundings) => {
      await oneDeadLetter(surroundings);
      const { stack } = surroundings;
      const { url: QueueUrl } = queueOf(stack, 'BatchDeadLetterQueue');
      const received = await stack.clients.sqs.send(
        new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 60 }),
      );
      return `HANDLE='${received.Messages?.[0]?.ReceiptHandle}'`;
    },
  'grep -h \'"batchId":"my-batch\' .local/logs/*.log': myBatch,
  'batch-handler show my-batch': myBatch,
  'batch-handler show my-batch --html > report.html': myBatch,
  'batch-handler cancel stuck-batch': async (surroundings) => {
    await addForLater(surroundings, 'stuck-batch');
  },
};
