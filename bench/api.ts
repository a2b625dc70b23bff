import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { apiUrl, findHandlerNames } from '../local/stackSettings.ts';
import { dynamoTable } from '../shared/aws/table.ts';
import { hashOf, makeKey } from '../shared/http/keys.ts';
import { apiKeyStore } from '../shared/stores/apiKeys.ts';
import { systemChance } from '../shared/system.ts';
import { type ApiCaller, callerOf, formOf } from './apiCalls.ts';
import { uploadInParts, uploadThroughServe } from './apiUploads.ts';
import { PRICES, pricePerInvocation } from './cost.ts';
import { type Benchmark, type Figure, figure, median, timed } from './harness/figures.ts';
import { chunksOf, requestLine } from './harness/inputs.ts';
import { inDirectory } from './harness/servers.ts';
import { type RunningStack, runStack } from './runningStack.ts';

/** Calls of each route. A figure is their median. */
const CALLS = 21;
const SMALL = { requests: 10, lineBytes: 500 };
/** The default of the construct's prop `api`. */
const API_MEMORY_MIB = 512;
/** The line of a request, and those with which Lambda begins and ends it. */
const LOG_BYTES = 1_000;
const ROOT = join(import.meta.dirname, '..');

export const apiBenchmark: Benchmark = {
  name: 'api',
  title: 'The HTTP API on the local stack, warm, and an upload of 200 MB',
  run: () =>
    inDirectory(async (directory) => {
      const stack = await runStack(directory, { api: true });
      const served = await startServe(directory);
      try {
        const url = apiUrl(stack.resources);
        if (url === undefined) throw new Error('the stack has no API');
        const byUrl = callerOf(url, await newKey(stack));
        const ofUrl = await latencies(byUrl, 'url', 'function URL');
        const poll = ofUrl.find(({ name }) => name === 'api-url-get-batches-id')?.value ?? 0;
        return [
          figure('api-cost-million', 'a million polls of a batch', costOfMillion(poll), '$'),
          ...ofUrl,
          ...(await latencies(served.caller, 'serve', 'serve')),
          ...(await uploadThroughServe(served.caller, served.process.pid ?? 0)),
          ...(await uploadInParts(byUrl)),
        ];
      } finally {
        served.process.kill('SIGINT');
        await stack.stop();
      }
    }),
};

async function newKey({ clients, resources }: RunningStack): Promise<string> {
  const { keyId, key } = makeKey(systemChance);
  const keys = apiKeyStore(dynamoTable(clients.dynamodb, findHandlerNames(resources).table));
  await keys.create({ keyId, sha256: hashOf(key), name: 'bench', createdAt: Date.now() });
  return key;
}

/** The time of each route, and of a request whose key is malformed, which is all that the host itself takes. */
async function latencies(api: ApiCaller, name: string, host: string): Promise<readonly Figure[]> {
  const file = await api.json(
    'POST',
    '/files',
    formOf(Buffer.concat([...chunksOf(requestLine, SMALL)])),
  );
  const body = {
    input_file_id: file.id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  };
  const batch = await api.json('POST', '/batches', body);
  const upload = {
    purpose: 'batch',
    filename: 'a.jsonl',
    bytes: 4,
    mime_type: 'application/jsonl',
  };
  const { id: uploadId } = await api.json('POST', '/uploads', upload);
  const routes: readonly (readonly [label: string, call: () => Promise<unknown>])[] = [
    ['GET /models', () => api.json('GET', '/models')],
    ['POST /files, 5 KB', () => api.json('POST', '/files', formOf(Buffer.alloc(5_000, '{}\n')))],
    ['GET /files', () => api.json('GET', '/files?limit=20')],
    ['GET /files/{id}', () => api.json('GET', `/files/${file.id}`)],
    ['GET /files/{id}/content', () => api.bytes(`/files/${file.id}/content`)],
    ['POST /batches', () => api.json('POST', '/batches', body)],
    ['GET /batches', () => api.json('GET', '/batches?limit=20')],
    ['GET /batches/{id}', () => api.json('GET', `/batches/${batch.id}`)],
    ['POST /uploads', () => api.json('POST', '/uploads', upload)],
    [
      'POST /uploads/{id}/parts, 5 KB',
      () => api.json('POST', `/uploads/${uploadId}/parts`, formOf(Buffer.alloc(4), 'data')),
    ],
  ];
  const refused = await medianOf(() => api.refused());
  const cancelled = await medianOf(
    (id) => api.json('POST', `/batches/${id}/cancel`, {}),
    async () => (await api.json('POST', '/batches', body)).id,
  );
  const figures = [
    timeOf(name, host, 'a malformed key, refused', refused, { isLimit: true }),
    timeOf(name, host, 'POST /batches/{id}/cancel', cancelled),
  ];
  for (const [label, call] of routes) figures.push(timeOf(name, host, label, await medianOf(call)));
  return figures;
}

/** @param prepare what each call needs, which is not measured */
async function medianOf<T>(
  call: (prepared: T | undefined) => Promise<unknown>,
  prepare: () => Promise<T | undefined> = async () => undefined,
): Promise<number> {
  const milliseconds: number[] = [];
  for (let calls = 0; calls < CALLS; calls++) {
    const prepared = await prepare();
    milliseconds.push(await timed(() => call(prepared)));
  }
  return median(milliseconds);
}

function timeOf(
  name: string,
  host: string,
  label: string,
  milliseconds: number,
  more?: Pick<Figure, 'isLimit'>,
): Figure {
  const id = label
    .toLowerCase()
    .replaceAll(/[^a-z]+/g, '-')
    .replace(/-$/, '');
  return figure(`api-${name}-${id}`, `${host}: ${label}`, milliseconds, 'ms', more);
}

/**
 * US dollars for a million requests that read a batch, as clients do while they wait: the largest part of
 * an API's requests. The URL itself costs nothing, and nothing costs anything without requests.
 *
 * @param milliseconds of one, through the function URL
 */
function costOfMillion(milliseconds: number): number {
  const one =
    pricePerInvocation({ memoryMiB: API_MEMORY_MIB, storageMiB: 0, milliseconds }) +
    PRICES.lambdaInvocation +
    // Strongly consistent, and of a record of up to 8 KB.
    2 * PRICES.tableReadUnit +
    (LOG_BYTES / 1e9) * PRICES.logGigabyte;
  return one * 1_000_000;
}

interface Served {
  readonly process: ChildProcess;
  readonly caller: ApiCaller;
}

async function startServe(directory: string): Promise<Served> {
  const args = ['cli/main.ts', 'serve', '--local', directory, '--port', '0'];
  const env = { ...process.env, BATCH_HANDLER_API_KEY: 'bench' };
  const started = spawn(process.execPath, args, {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [printed] = await once(started.stdout, 'data');
  const [, url = ''] = /OPENAI_BASE_URL=(\S+)/.exec(String(printed)) ?? [];
  return { process: started, caller: callerOf(url, 'bench') };
}
