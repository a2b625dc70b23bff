import { createReadStream, statSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { listen, type ServerOptions } from '../listen.ts';
import { optionsOf } from '../process.ts';

/** The part of OpenAI's Files and Batches API that is measured, as fast as a server can be. */
export interface ProviderOptions extends ServerOptions {
  /** Delay before each answer about jobs, in milliseconds. Default 0. */
  readonly latencyMs?: number;
  /** Number of jobs of the account, all of them running. Default 0. */
  readonly jobs?: number;
  /** When the first of them was created, in milliseconds since 1970. Default: all of them just now. */
  readonly createdFrom?: number;
  /** Milliseconds from the creation of a job to that of the next. Default 0. */
  readonly createdEveryMs?: number;
  /** Path of the file that is the content of every file. Default: downloads answer 404. */
  readonly content?: string;
}

const options = optionsOf<ProviderOptions>();
const { latencyMs = 0, jobs = 0, createdFrom, createdEveryMs = 0, content } = options;
let calls = 0;

await listen(options, async (request, response) => {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const route = `${request.method} ${url.pathname.replace(/^\/v1/, '')}`;
  if (route === 'GET /calls') {
    send(response, { calls });
    calls = 0;
    return;
  }
  calls += 1;
  if (/^GET \/files\/[^/]+\/content$/.test(route)) return sendContent(response);
  let bytes = 0;
  for await (const chunk of request) bytes += chunk.length;
  if (route === 'POST /files') return send(response, { id: 'file-1', bytes });
  await wait(latencyMs);
  if (route === 'GET /batches') return send(response, page(url.searchParams));
  const [, id = ''] = /^\w+ \/batches\/([^/]+)/.exec(route) ?? [];
  send(response, batch(id === '' ? 'batch_new' : id));
});

function sendContent(response: ServerResponse): void {
  if (content === undefined) return void response.writeHead(404).end();
  const { size } = statSync(content);
  response.writeHead(200, { 'content-length': size, 'content-type': 'application/octet-stream' });
  createReadStream(content, { highWaterMark: 1024 * 1024 }).pipe(response);
}

/** Newest first: the last job is the newest. */
function page(query: URLSearchParams): object {
  const limit = Number(query.get('limit') ?? 20);
  const after = query.get('after');
  const newest = after === null ? jobs - 1 : Number(after.replace('batch_', '')) - 1;
  const length = Math.max(0, Math.min(limit, newest + 1));
  const data = Array.from({ length }, (_, index) => batch(`batch_${newest - index}`));
  return { object: 'list', data, has_more: newest - length >= 0 };
}

function batch(id: string): object {
  return {
    id,
    object: 'batch',
    endpoint: '/v1/chat/completions',
    status: 'in_progress',
    input_file_id: 'file-1',
    ...(content !== undefined && { output_file_id: 'file-output' }),
    completion_window: '24h',
    created_at: Math.floor(createdAt(id) / 1000),
    request_counts: { total: 1_000, completed: 0, failed: 0 },
    metadata: {},
  };
}

function createdAt(id: string): number {
  const index = Number(id.replace('batch_', '')) || 0;
  return createdFrom === undefined ? Date.now() : createdFrom + index * createdEveryMs;
}

function send(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
