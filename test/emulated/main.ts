import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import OpenAI from 'openai';
import { startOpenAiSimulator } from '../../simulators/openai/index.ts';
import { eventually } from '../local/fixtures/eventually.ts';
import { pythonWith } from '../support/python.ts';

/*
 * Deploys the project's own app with the CDK CLI to an emulator of AWS that others have written, runs
 * batches there, updates the deployment and removes it. `npm run test:deploy` runs it.
 */

const MINISTACK = 'ministack==1.5.33';
const STACK = 'BatchHandler';
const COMMAND_LINE = join('cli', 'main.ts');
const EXAMPLE = join('examples', 'requests.jsonl');
/** Far above what the whole run takes on an idle machine, which is about two minutes. */
const TIMEOUT_MS = 900_000;
const ACCOUNT = '111111111111';

const found = pythonWith([MINISTACK]);
if ('missing' in found) {
  process.stdout.write('deployment to MiniStack: skipped, see above\n');
  process.exit(0);
}
const directory = mkdtempSync(join(tmpdir(), 'deploy-'));
const log = join(directory, 'ministack.log');
const assembly = join(directory, 'cdk.out');
const began = Date.now();
const timeout = AbortSignal.timeout(TIMEOUT_MS);
let emulator: ChildProcess | undefined;
const simulator = await startOpenAiSimulator({ dataDir: join(directory, 'openai'), jobSeconds: 1 });
const port = await freePort();
const environment = {
  PATH: process.env.PATH ?? '',
  HOME: directory,
  TMPDIR: directory,
  AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
  AWS_ACCESS_KEY_ID: ACCOUNT,
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_REGION: 'eu-west-1',
  CI: 'true',
};
const access = {
  endpoint: environment.AWS_ENDPOINT_URL,
  region: environment.AWS_REGION,
  credentials: { accessKeyId: ACCOUNT, secretAccessKey: 'secret' },
};
try {
  await main();
  say('all of it worked');
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  say(timeout.aborted ? `given up: the limit is ${TIMEOUT_MS / 1000} s` : 'failed');
  process.stderr.write(`${message}\n`);
  process.stderr.write(readFileSync(log, 'utf8').split('\n').slice(-60).join('\n'));
  process.exitCode = 1;
} finally {
  if (emulator?.exitCode === null) {
    emulator.kill('SIGKILL');
    await once(emulator, 'exit');
  }
  await simulator.close();
  rmSync(directory, { recursive: true, force: true });
}

async function main(): Promise<void> {
  emulator = await startEmulator();
  say(`${MINISTACK} is up`);
  const openai = { kind: 'openai', baseUrl: simulator.url };

  // Without an app, nothing is built for it.
  await cdk('bootstrap', '--app', '', `aws://${ACCOUNT}/${environment.AWS_REGION}`);
  say('bootstrapped');
  await deploy({ openai });
  const { BucketName: bucket = '', ApiUrl: apiUrl = '' } = await outputs();
  say('deployed');

  await fillIn('openai');
  say('the key is filled in');
  await addBatch('first');
  say('a batch is completed: message, schedule, job, processor, outcome');
  await expectAnswers(bucket, 'first');
  await callApi(apiUrl);
  say('a batch is completed through the URL of the API');
  await batchHandler('doctor');
  say('doctor finds no problem');

  await deploy({ openai, second: openai });
  say('updated with another provider entry');
  await fillIn('second');
  await addBatch('second', '--provider', 'second');
  await expectAnswers(bucket, 'second');
  say('a batch is completed at the new entry');

  await cdk('destroy', '--app', assembly, '--force', STACK);
  if (await hasStack()) throw new Error('the stack is still there after cdk destroy');
  await expectAnswers(bucket, 'first');
  say('destroyed, and the bucket is kept');
}

/** @param providers entries as in cdk.json */
async function deploy(providers: object): Promise<void> {
  const context = `batchHandler=${JSON.stringify({ providers, api: true })}`;
  const options = ['--require-approval', 'never', '--output', assembly];
  await cdk('deploy', ...options, '-c', context, STACK);
}

function cdk(...args: readonly string[]): Promise<string> {
  return run('cdk', args);
}

/** The command line. It fails if `doctor` finds a problem. */
function batchHandler(...args: readonly string[]): Promise<string> {
  return run('node', [COMMAND_LINE, ...args]);
}

async function addBatch(id: string, ...options: readonly string[]): Promise<void> {
  const shown = await batchHandler('add', EXAMPLE, '--id', id, '--wait', '--json', ...options);
  const { status, counts } = JSON.parse(shown.trim().split('\n').at(-1) ?? '');
  if (status !== 'completed' || counts.succeeded !== 24)
    throw new Error(`the batch ${id} ended as ${status}: ${JSON.stringify(counts)}`);
}

/**
 * Runs a batch as a client of OpenAI does.
 *
 * @param url of the function, whose host leads to AWS: MiniStack has a path for each of its URLs
 */
async function callApi(url: string): Promise<void> {
  const [id = ''] = new URL(url).hostname.split('.');
  const apiKey = (await batchHandler('keys', 'create', '--name', 'test')).trim();
  const baseURL = `${access.endpoint}/_aws/lambda-url/${id}/v1`;
  const client = new OpenAI({ apiKey, baseURL });
  const file = await client.files.create({ purpose: 'batch', file: createReadStream(EXAMPLE) });
  const { id: batchId } = await client.batches.create({
    input_file_id: file.id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  });
  const ended = await eventually(
    () => client.batches.retrieve(batchId),
    ({ status }) => ['completed', 'failed', 'cancelled', 'expired'].includes(status),
  );
  const content = await client.files.content(ended.output_file_id ?? '');
  const rows = (await content.text()).trim().split('\n').length;
  if (ended.status !== 'completed' || rows !== 24)
    throw new Error(`the batch ${batchId} ended as ${ended.status} with ${rows} rows`);
}

/** Checks what the example processor has written. */
async function expectAnswers(bucket: string, id: string): Promise<void> {
  const client = new S3Client({ ...access, forcePathStyle: true });
  const Key = `processed/${id}.csv`;
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
  const rows = ((await Body?.transformToString()) ?? '').trim().split('\n').length;
  if (rows < 25) throw new Error(`${Key} has ${rows} lines instead of 25 or more`);
}

async function fillIn(entry: string): Promise<void> {
  await run('node', [COMMAND_LINE, 'key', entry], 'sk-of-the-simulator\n');
}

async function outputs(): Promise<Readonly<Record<string, string>>> {
  const stacks = await describeStack();
  const found = stacks[0]?.Outputs ?? [];
  return Object.fromEntries(found.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
}

async function describeStack() {
  const command = new DescribeStacksCommand({ StackName: STACK });
  const { Stacks = [] } = await new CloudFormationClient(access).send(command);
  return Stacks;
}

function hasStack(): Promise<boolean> {
  return describeStack().then(
    (stacks) => stacks.some(({ StackStatus }) => StackStatus !== 'DELETE_COMPLETE'),
    () => false,
  );
}

/** @returns stdout */
async function run(program: string, args: readonly string[], input = ''): Promise<string> {
  const child = spawn(program, args, {
    env: environment,
    stdio: ['pipe', 'pipe', 'pipe'],
    signal: timeout,
  });
  // A program that ends before it has read that says why by its exit code.
  child.stdin.on('error', () => {}).end(input);
  const texts = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await once(child, 'close');
  const [stdout, stderr] = await texts;
  if (code === 0) return stdout;
  throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
}

async function startEmulator(): Promise<ChildProcess> {
  if (!('python' in found)) throw new Error('there is no Python');
  const child = spawn(found.python, [join(import.meta.dirname, 'emulator.py')], {
    env: {
      ...{ PATH: environment.PATH, HOME: directory, TMPDIR: directory },
      ...{ GATEWAY_PORT: String(port), BIND_HOST: '127.0.0.1', MINISTACK_HOST: '127.0.0.1' },
      LAMBDA_EXECUTOR: 'local',
      ...{ MINISTACK_REGION: environment.AWS_REGION, MINISTACK_ACCOUNT_ID: ACCOUNT },
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const file = createWriteStream(log);
  child.stdout.pipe(file, { end: false });
  child.stderr.pipe(file, { end: false });
  const health = () => fetch(`${access.endpoint}/_ministack/health`).catch(() => undefined);
  const isSettled = (answer?: Response) => answer?.ok === true || child.exitCode !== null;
  await eventually(health, isSettled);
  if (child.exitCode !== null) throw new Error(`MiniStack ended with ${child.exitCode}`);
  return child;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('there is no free port');
  return address.port;
}

function say(what: string): void {
  const seconds = ((Date.now() - began) / 1000).toFixed(1).padStart(6);
  process.stdout.write(`${seconds} s  ${what}\n`);
}
