import { randomBytes } from 'node:crypto';
import type { Log, Metrics } from '../batch/ports.ts';
import type { BatchHandlerClient } from '../client/client.ts';
import { ClientError } from '../client/clientError.ts';
import type { HandlerConnection } from '../client/connection.ts';
import { type ConsoleHost, createConsole } from '../console/app.ts';
import type { ConsolePorts } from '../console/ports.ts';
import { TOKEN_PARAMETER } from '../console/session.ts';
import { shardsOf } from '../handlerMetadata.ts';
import { ApiError, errorResponse } from '../http/apiError.ts';
import { createApp } from '../http/app.ts';
import { authenticateBy } from '../http/authenticate.ts';
import { type LoopbackServer, PortTakenError, serveOnLoopback } from '../http/loopbackServer.ts';
import type { HttpPorts } from '../http/ports.ts';
import { connectProviders } from '../providers/registry.ts';
import { batchStore } from '../stores/batchStore.ts';
import { tenantStore } from '../stores/tenants.ts';
import { systemChance, systemClock } from '../system.ts';
import { consolePage } from './consolePage.ts';
import { functionPorts, type GivenPorts } from './functionPorts.ts';
import { settingsOf } from './settings.ts';

export interface ServeOptions extends Pick<ConsolePorts, 'hint' | 'explain' | 'isReadOnly'> {
  /** 0 for a free one. */
  readonly port: number;
  /** Makes its caller the operator, who sees what belongs to any tenant. */
  readonly operatorKey: string;
  /** Lets a browser in that has it in its address. */
  readonly consoleToken: ConsoleHost['token'];
  /** The ports that the handler's user has replaced. Default: none. */
  readonly ports?: GivenPorts | undefined;
  readonly log: Log;
}

/** A server of this process. */
export interface HandlerServer extends LoopbackServer {
  /** Opens the console in a browser, and holds its token. */
  readonly consoleUrl: string;
}

/**
 * Serves the HTTP API and the console of a handler on the loopback, in this process: with the user's own
 * credentials for AWS, with the keys of the handler and one of its own.
 *
 * @throws ClientError `ports_missing`, `invalid_input` if the port is in use
 */
export async function serveHandler(
  client: BatchHandlerClient,
  { port, ports, ...options }: ServeOptions,
): Promise<HandlerServer> {
  const { consoleToken: token, isReadOnly, hint, explain, log } = options;
  const api = createApp(await httpPorts(client.connection, ports ?? {}, options));
  const ended = new AbortController();
  const console = createConsole(
    { client, isReadOnly, hint, explain, log, now: Date.now, ended: ended.signal },
    { token, directory: await consolePage() },
  );
  const answer = (request: Request) => {
    const isOfApi = new URL(request.url).pathname.startsWith('/v1/');
    if (!isOfApi) return console.fetch(request);
    return isReadOnly && !isReading(request) ? errorResponse(readOnly()) : api.fetch(request);
  };
  const server = await serveOnLoopback(answer, port).catch((error: unknown) => {
    if (!(error instanceof PortTakenError)) throw error;
    throw new ClientError('invalid_input', `${error.message} with --port`);
  });
  const close = (): Promise<void> => {
    ended.abort();
    return server.close();
  };
  return { ...server, close, consoleUrl: `${server.url}/?${TOKEN_PARAMETER}=${token}` };
}

function isReading({ method }: Request): boolean {
  return method === 'GET' || method === 'HEAD';
}

function readOnly(): ApiError {
  return new ApiError(403, 'this server was started with --read-only', { code: 'read_only' });
}

async function httpPorts(
  connection: HandlerConnection,
  given: GivenPorts,
  { operatorKey, log }: Pick<ServeOptions, 'operatorKey' | 'log'>,
): Promise<HttpPorts> {
  const { items, providerStates, handler } = connection;
  const own = await functionPorts(connection, given);
  return {
    ...own,
    ...{ items, providerStates, log, metrics: NO_METRICS },
    tenants: tenantStore(items),
    ...{ clock: systemClock, chance: systemChance },
    // That of the connection writes no records: these expire as the handler's policy says.
    batches: batchStore(items, { ...own.policy, shards: shardsOf(handler.settings) }),
    providers: connectProviders(settingsOf(handler).providers, {
      // The API calls no provider: whoever serves it needs none of their keys.
      secret: async () => undefined,
      objects: own.objects,
    }),
    authenticate: authenticateBy({ items, clock: systemClock, log, operatorKey }),
  };
}

/** The functions measure what they do; a person's own server does not belong into those figures. */
const NO_METRICS: Metrics = { count: () => {}, measure: () => {} };

/** A key of a server's own, or the token of its console: 192 bits. */
export function newToken(): string {
  return randomBytes(24).toString('base64url');
}

/**
 * Writes a line for each entry of a server's log. They hold ids, and neither keys nor names of files.
 *
 * @param now milliseconds since 1970
 */
export function lineLog(write: (line: string) => void, now: () => number): Log {
  const entry =
    (level: string) =>
    (message: string, fields: object = {}) =>
      write(`${new Date(now()).toISOString()} ${level}${message} ${JSON.stringify(fields)}\n`);
  return { info: entry(''), warn: entry('warning: '), error: entry('error: ') };
}
