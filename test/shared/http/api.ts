import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { onTestFinished } from 'vitest';
import { openDatabase } from '../../../inProcess/database.ts';
import { sqliteTable } from '../../../inProcess/sqliteTable.ts';
import { DEFAULT_POLICY } from '../../../shared/batch/policy.ts';
import { ApiError } from '../../../shared/http/apiError.ts';
import { createApp } from '../../../shared/http/app.ts';
import type { Caller, HttpPorts } from '../../../shared/http/ports.ts';
import { batchStore } from '../../../shared/stores/batchStore.ts';
import type { ItemTable } from '../../../shared/stores/itemTable.ts';
import { uploadStore } from '../../../shared/stores/uploadRecords.ts';
import { requestLine, type World, world } from '../../support/world.ts';

/** Callers by their keys. */
const CALLERS: Readonly<Record<string, Caller>> = {
  'key-none': { keyId: 'none', isOperator: false },
  'key-red': { keyId: 'red', tenant: 'red', isOperator: false },
  'key-blue': { keyId: 'blue', tenant: 'blue', isOperator: false },
  'key-operator': { keyId: 'operator', isOperator: true },
};

export interface Api extends World {
  readonly ports: HttpPorts;
  /** Makes a request as somebody: `GET /v1/files`. */
  call(what: string, init?: RequestInit & { readonly as?: string }): Promise<Response>;
  /** Answers any request. */
  fetch(request: Request): Promise<Response>;
  /** OpenAI's own client, which speaks to the application without a network. */
  clientOf(apiKey?: string): OpenAI;
  /** Creates a file of requests with these ids, and a batch of it. */
  addBatch(customIds: readonly string[], apiKey?: string): Promise<OpenAI.Batch>;
  /** Runs a batch until its job runs. */
  start(): Promise<void>;
}

/**
 * The table with the limit of DynamoDB for a key, 2,048 bytes:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
 */
function withShortKeys(table: ItemTable): ItemTable {
  const checked = (...ids: readonly string[]) => {
    if (ids.some((id) => Buffer.byteLength(id) > 2_048)) throw new Error('a key is too long');
  };
  return {
    ...table,
    async get(id) {
      checked(id);
      return table.get(id);
    },
    async getMany(ids) {
      checked(...ids);
      return table.getMany(ids);
    },
    async put(item, condition) {
      checked(item.id);
      return table.put(item, condition);
    },
  };
}

/** The HTTP application on use cases in memory and a real table. */
export function startApi(changes: Partial<HttpPorts> = {}, callers = CALLERS): Api {
  const directory = mkdtempSync(join(tmpdir(), 'http-api-'));
  const database = openDatabase(directory);
  onTestFinished(() => {
    database.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const items = withShortKeys(sqliteTable(database));
  const self = world();
  Object.assign(self.batches, batchStore(items, DEFAULT_POLICY));
  Object.assign(self.dependencies.uploads, uploadStore(items));
  const ports: HttpPorts = {
    ...self.dependencies,
    items,
    chance: { ...self.dependencies.chance, randomInt: (max) => randomInt(max) },
    async authenticate(authorization) {
      const caller = callers[authorization?.replace('Bearer ', '') ?? ''];
      if (caller) return caller;
      throw new ApiError(401, 'Incorrect API key provided', { code: 'invalid_api_key' });
    },
    wait: async (milliseconds) => self.advance(milliseconds / 1000),
    ...changes,
  };
  const app = createApp(ports);

  async function call(what: string, { as = 'key-none', ...init }: Parameters<Api['call']>[1] = {}) {
    const [method = '', path = ''] = what.split(' ');
    const headers = { authorization: `Bearer ${as}`, ...init.headers };
    const request = new Request(`http://localhost${path}`, { ...init, method, headers });
    if (!(init.body instanceof FormData)) return app.fetch(request);
    // Node's own stream of a form fails when the application stops reading it.
    return app.fetch(new Request(request, { body: await request.clone().arrayBuffer() }));
  }
  function clientOf(apiKey = 'key-none') {
    const fetch = async (url: string | URL | Request, init?: RequestInit) =>
      app.fetch(new Request(url, init));
    return new OpenAI({ apiKey, baseURL: 'http://localhost/v1', fetch, maxRetries: 0 });
  }
  return {
    ...self,
    ...{ ports, call, clientOf },
    fetch: async (request) => app.fetch(request),
    async addBatch(customIds, apiKey) {
      const client = clientOf(apiKey);
      const lines = customIds.map((customId) => `${requestLine(customId)}\n`).join('');
      const file = await client.files.create({
        file: new File([lines], 'requests.jsonl'),
        purpose: 'batch',
      });
      return client.batches.create({
        input_file_id: file.id,
        endpoint: '/v1/embeddings',
        completion_window: '24h',
      });
    },
    async start() {
      await self.workAll();
      await self.sweep();
      await self.workAll();
    },
  };
}
