import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import {
  BedrockClient,
  CreateModelInvocationJobCommand,
  type CreateModelInvocationJobCommandInput,
  type CreateModelInvocationJobCommandOutput,
  GetModelInvocationJobCommand,
  type GetModelInvocationJobCommandOutput,
} from '@aws-sdk/client-bedrock';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll } from 'vitest';
import {
  type BedrockOptionsInput,
  startBedrockSimulator,
} from '../../../simulators/bedrock/index.ts';
import type { Simulator } from '../../../simulators/engine/jobServer.ts';
import { clientSettings, type Emulators, startEmulators } from '../../support/emulators.ts';

const BUCKET = 'jobs';
const CLAUDE = 'anthropic.claude-haiku-4-5-20251001-v1:0';
const ROLE = 'arn:aws:iam::000000000000:role/jobs';

/** The S3 emulator of a test file, and simulators whose clock only the test moves. */
export function simulatedBedrock() {
  let emulators: Emulators;
  const directories: string[] = [];
  const running: World[] = [];
  beforeAll(async () => {
    emulators = await startEmulators();
    await emulators.createBucket(BUCKET);
  });
  afterAll(async () => {
    for (const { simulator } of running) await simulator.close();
    for (const directory of directories) await rm(directory, { recursive: true, force: true });
    await emulators.stop();
  });

  return {
    /** Puts an input with these records into the bucket. */
    async putInput(name: string, records: readonly string[]): Promise<void> {
      const Body = records.map((record) => `${record}\n`).join('');
      await emulators.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: name, Body }));
    },
    /** The lines of an object. */
    async read(key: string): Promise<Record<string, unknown>[]> {
      const { Body } = await emulators.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
      const text = (await buffer(Body as NodeJS.ReadableStream)).toString().trimEnd();
      return text.split('\n').map((line) => JSON.parse(line));
    },
    async start(options: Partial<BedrockOptionsInput> = {}) {
      const dataDir = await mkdtemp(join(tmpdir(), 'bedrock-simulator-'));
      directories.push(dataDir);
      const s3Url = emulators.queueUrl;
      return open({ dataDir, s3Url, jobSeconds: 10, ...options }, running);
    },
  };
}

/** The calls of one simulator. */
interface World {
  readonly simulator: Simulator;
  readonly client: BedrockClient;
  /** Moves the clock. */
  pass(seconds: number): void;
  /** Creates a job with an input in the bucket. */
  create(
    input: string,
    changes?: Partial<CreateModelInvocationJobCommandInput>,
  ): Promise<CreateModelInvocationJobCommandOutput>;
  /** A job after all work that is due by now. */
  view(jobIdentifier: string | undefined): Promise<GetModelInvocationJobCommandOutput>;
  /** Starts another simulator with the same data. */
  restart(): Promise<World>;
}

async function open(
  options: BedrockOptionsInput,
  running: World[],
  startTime = 1_700_000_000_000,
): Promise<World> {
  let time = startTime;
  const simulator = await startBedrockSimulator(options, () => time);
  const client = new BedrockClient({ ...clientSettings(simulator.url), maxAttempts: 1 });
  const world: World = {
    simulator,
    client,
    pass(seconds: number): void {
      time += seconds * 1000;
    },
    create: (input: string, changes: Partial<CreateModelInvocationJobCommandInput> = {}) =>
      client.send(
        new CreateModelInvocationJobCommand({
          jobName: 'a-job-1',
          roleArn: ROLE,
          modelId: CLAUDE,
          inputDataConfig: { s3InputDataConfig: { s3Uri: `s3://${BUCKET}/${input}` } },
          outputDataConfig: { s3OutputDataConfig: { s3Uri: `s3://${BUCKET}/out/` } },
          ...changes,
        }),
      ),
    async view(jobIdentifier: string | undefined) {
      await simulator.finishDueWork();
      return client.send(new GetModelInvocationJobCommand({ jobIdentifier }));
    },
    async restart() {
      await simulator.close();
      return open(options, running, time);
    },
  };
  running.push(world);
  return world;
}

/** Records for Claude, all different. */
export function claudeRecords(count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    JSON.stringify({
      recordId: `R${index}`,
      modelInput: {
        anthropic_version: 'bedrock-2023-05-31',
        max_tokens: 9,
        messages: [{ role: 'user', content: `Say ${index}.` }],
      },
    }),
  );
}

export function shortId(jobArn: string | undefined): string {
  return jobArn?.split('/').at(-1) ?? '';
}
