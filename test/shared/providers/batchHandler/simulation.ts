import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { compose } from '../../../../inProcess/compose.ts';
import { Bell } from '../../../../inProcess/consumers.ts';
import { checkOptions } from '../../../../inProcess/options.ts';
import { Run } from '../../../../inProcess/run.ts';
import { createApp } from '../../../../shared/http/app.ts';
import { authenticateBy } from '../../../../shared/http/authenticate.ts';
import type { Provider } from '../../../../shared/providers/provider.ts';
import { type Fault, FaultList } from '../../../../simulators/engine/faults.ts';
import type { JournalEvent, JournalJob } from '../../../../simulators/engine/journal.ts';
import { startOpenAiSimulator } from '../../../../simulators/openai/index.ts';
import type { Simulation, SimulationOptions } from '../harness.ts';

export const API_KEY = 'key-of-the-operator';

/**
 * A handler in this process with OpenAI's simulator behind it, its HTTP API on the loopback with faults
 * in front of it, and the provider that is connected to that API.
 */
export async function simulateBatchHandler(
  { plan = ['completed'], jobSeconds = 0.05, wrongKey }: SimulationOptions,
  connect: (baseUrl: string) => Promise<Provider>,
): Promise<Simulation> {
  const directory = await mkdtemp(join(tmpdir(), 'batch-handler-behind-'));
  const dataDir = join(directory, 'openai');
  const simulator = await startOpenAiSimulator({ dataDir, plan: [...plan], jobSeconds });
  const handler = startHandler(join(directory, 'handler'), simulator.url);
  const operatorKey = wrongKey ? 'key-of-another' : API_KEY;
  const { items, dependencies } = handler;
  const { clock, log } = dependencies;
  const authenticate = authenticateBy({ items, clock, log, operatorKey });
  const app = createApp({ ...dependencies, items, authenticate });
  // Most tests of completed jobs ask only what was created: there the handler works once they look at a job.
  if (plan[0] !== 'completed') handler.work();
  const front = await startFront((request) => {
    if (request.method === 'GET' && /\/batches\/./.test(request.url)) handler.work();
    return app.fetch(request);
  });
  return {
    provider: await connect(`${front.url}/v1`),
    inject: (injection) => front.faults.inject(injection),
    journal: async () => ({ events: front.events, jobs: front.jobs }),
    async close() {
      await front.close();
      await handler.stop();
      await simulator.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** What a job leaves unfinished is not run again: each planned job is the whole of its batch. */
function startHandler(directory: string, baseUrl: string) {
  const bell = new Bell();
  const options = checkOptions({
    directory,
    providers: { openai: { kind: 'openai', baseUrl, apiKey: 'sk-test' } },
    policy: { maxAttempts: 1 },
    sweepSeconds: 0.1,
    process: async () => {},
    log: { info: () => {}, warn: () => {}, error: () => {} },
  });
  const composition = compose(options, () => bell.ring());
  const stopped = new AbortController();
  let working: Promise<void> | undefined;
  return {
    items: composition.table,
    dependencies: composition.dependencies,
    /** Works until there is nothing left to do: the handlers of tests that are over take no time. */
    work() {
      if (working || stopped.signal.aborted) return;
      const run = new Run(options, composition, bell);
      working = run.work({ untilIdle: true, signal: stopped.signal }).finally(() => {
        working = undefined;
      });
    },
    async stop() {
      stopped.abort();
      await working;
      composition.database.close();
    },
  };
}

/** A server that passes requests on, except for those that a fault is meant for. */
async function startFront(fetch: (request: Request) => Response | Promise<Response>) {
  const faults = new FaultList();
  const events: JournalEvent[] = [];
  const jobs: JournalJob[] = [];

  async function note(method: string, path: string, answer: Response, sent: string): Promise<void> {
    if (!answer.ok) return;
    const time = Date.now();
    if (method === 'DELETE')
      events.push({ time, event: 'deleted', fileId: path.split('/').at(-1) ?? '' });
    if (method !== 'POST' || !/\/(files|batches)$/.test(path)) return;
    const { id } = (await answer.clone().json()) as { id: string };
    if (path.endsWith('/files')) events.push({ time, event: 'uploaded', fileId: id, bytes: 0 });
    else jobs.push(jobOf(id, JSON.parse(sent), time));
  }

  const listener = getRequestListener(
    async (request, bindings) => {
      const { outgoing } = bindings as HttpBindings;
      const { method } = request;
      const path = new URL(request.url).pathname;
      const fault = faults.take(method, path);
      if (fault?.kind === 'reset') return destroyed(outgoing);
      if (fault?.kind === 'status') return refusal(fault);
      if (fault?.kind === 'delay')
        await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
      const isCreate = method === 'POST' && path.endsWith('/batches');
      const sent = isCreate ? await request.text() : '';
      const { url, headers } = request;
      const onward = isCreate ? new Request(url, { method, headers, body: sent }) : request;
      const answer = await fetch(onward);
      await note(method, path, answer, sent);
      return changed(answer, fault, outgoing);
    },
    { overrideGlobalObjects: false },
  );
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ faults, events, jobs },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function jobOf(
  jobId: string,
  { metadata }: { metadata: Record<string, string> },
  createdAt: number,
): JournalJob {
  const { batch_handler_key: key, batch_id: batch = '' } = metadata;
  const unknown = { outcome: 'completed', status: undefined, sent: [], succeeded: [] } as const;
  return { jobId, batch, key, createdAt, ...unknown };
}

function refusal({ status, code }: Extract<Fault, { kind: 'status' }>): Response {
  const error = { message: 'injected', type: 'injected', param: null, code: code ?? null };
  return Response.json({ error }, { status });
}

type Outgoing = HttpBindings['outgoing'];

/** Tells the server that the answer was sent, or never will be. */
const ALREADY_SENT = { headers: { 'x-hono-already-sent': 'true' } };

function destroyed(outgoing: Outgoing): Response {
  outgoing.destroy();
  return new Response(null, ALREADY_SENT);
}

async function changed(
  answer: Response,
  fault: Fault | undefined,
  outgoing: Outgoing,
): Promise<Response> {
  switch (fault?.kind) {
    case 'lost':
      return destroyed(outgoing);
    case 'patch':
      return Response.json({ ...((await answer.json()) as object), ...fault.fields });
    case 'body':
      return new Response(fault.text, {
        headers: { 'content-type': fault.type ?? 'application/json' },
      });
    case 'cut': {
      const body = Buffer.from(await answer.arrayBuffer());
      outgoing.writeHead(answer.status, {
        ...Object.fromEntries(answer.headers),
        'content-length': body.length,
      });
      outgoing.write(body.subarray(0, fault.afterBytes));
      outgoing.socket?.destroySoon();
      return new Response(null, ALREADY_SENT);
    }
    default:
      return answer;
  }
}
