import { fork } from 'node:child_process';
import { devNull } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { ENVIRONMENT } from '../../shared/config.ts';
import type { Used } from '../harness/process.ts';

const RUNNER = join(import.meta.dirname, 'runner.mjs');
/** Longest that a cold start may take, in milliseconds. */
const TIMEOUT_MS = 60_000;

export interface Endpoints {
  readonly aws: string;
  readonly provider: string;
}

export interface Start {
  /** Path of the module that has the handler. */
  readonly module: string;
  readonly event: object;
  /** Name of the table that the function reads. */
  readonly table: string;
}

/** Starts a process that loads and invokes the handler; returns what it took from spawn to handled. */
export function startHandler({ module, event, table }: Start, urls: Endpoints): Promise<Used> {
  const directory = dirname(module);
  const startedAt = performance.now();
  const child = fork(RUNNER, [basename(module), JSON.stringify(event)], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...environmentOf(directory, urls), [ENVIRONMENT.table]: table },
    execArgv: ['--max-semi-space-size=4'],
    timeout: TIMEOUT_MS,
  });
  let printed = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  return new Promise((resolve, reject) => {
    let took: Used | undefined;
    child.once('message', (message) => {
      const { cpuMilliseconds } = message as Pick<Used, 'cpuMilliseconds'>;
      took = { milliseconds: performance.now() - startedAt, cpuMilliseconds };
    });
    child.once('error', reject);
    // Waits for the end of the process, so that the next one does not start beside it.
    child.once('close', () => {
      if (took) resolve(took);
      else reject(new Error(`the handler in ${directory} failed: ${printed.slice(-2_000)}`));
    });
  });
}

/** The variables that the stack gives its functions, with URLs on the loopback. */
function environmentOf(directory: string, { aws, provider }: Endpoints): Record<string, string> {
  return {
    LAMBDA_TASK_ROOT: directory,
    AWS_LAMBDA_FUNCTION_NAME: 'bench',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL: aws,
    [ENVIRONMENT.service]: 'bench',
    [ENVIRONMENT.bucket]: 'bucket',
    [ENVIRONMENT.batchQueue]: `${aws}/000000000000/batch`,
    [ENVIRONMENT.workQueue]: `${aws}/000000000000/work`,
    [ENVIRONMENT.deadLetterQueue]: `${aws}/000000000000/dead`,
    [ENVIRONMENT.workDeadLetterQueue]: `${aws}/000000000000/work-dead`,
    [ENVIRONMENT.processor]: 'arn:aws:lambda:us-east-1:000000000000:function:processor',
    [ENVIRONMENT.eventBus]: 'default',
    [ENVIRONMENT.secrets]: '{"openai":"arn:aws:secretsmanager:us-east-1:000000000000:secret:key"}',
    [ENVIRONMENT.providerBaseUrls]: JSON.stringify({ openai: `${provider}/v1` }),
  };
}
