import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apiUrl } from '../../local/stackSettings.ts';
import { startCli } from '../support/cliProcess.ts';
import { cliRun } from '../support/cliRun.ts';
import { type HandlerRun, startHandlerRun } from '../support/handlerRun.ts';
import type { Address } from './programs.ts';

/** A handler with its API at both addresses. */
export interface ClientStack {
  readonly run: HandlerRun;
  /** `batch-handler serve --local`, with its own key. */
  readonly served: Address;
  /** The Function URL of the local stack, with a key from the table. */
  readonly deployed: Address;
  /** A file with three requests for a model. */
  requestsFor(model: string): string;
  stop(): Promise<void>;
}

export const CLAUDE = 'claude-haiku-4-5';
export const GPT = 'gpt-4o-mini';
export const IDS = ['capital-fr', 'capital-it', 'capital-es'];

const SETTINGS = {
  providers: {
    openai: { kind: 'openai' },
    claude: { kind: 'anthropic', models: { [CLAUDE]: CLAUDE } },
  },
  api: {},
  // Requests that fail stay failed, so that there are error rows.
  policy: { maxAttempts: 1 },
};
const OPERATOR_KEY = 'key-of-the-operator';

/** In each batch of several requests, one fails. */
export async function startClientStack(): Promise<ClientStack> {
  const run = await startHandlerRun({ settings: SETTINGS, plan: ['partial'] });
  const local = `--local=${run.dataDirectory}`;
  const server = startCli(['serve', local, '--port', '0'], {
    BATCH_HANDLER_API_KEY: OPERATOR_KEY,
  });
  const directory = mkdtempSync(join(tmpdir(), 'client-stack-'));
  const baseUrl = await printedUrl(server.child);
  const { stdout: key } = await cliRun(['keys', 'create', '--name', 'a client', local]);
  return {
    run,
    served: { baseUrl, apiKey: OPERATOR_KEY },
    deployed: {
      baseUrl: apiUrl(run.stack.resources) ?? 'the stack has no API',
      apiKey: key.trim(),
    },
    requestsFor(model) {
      const path = join(directory, `${model}.jsonl`);
      const lines = IDS.map((id) => JSON.stringify(request(id, model)));
      writeFileSync(path, `${lines.join('\n')}\n`);
      return path;
    },
    async stop() {
      server.child.kill('SIGINT');
      await server.ended;
      await run.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function request(id: string, model: string) {
  const messages = [{ role: 'user', content: 'The capital?' }];
  const body = { model, messages, max_completion_tokens: 20 };
  return { custom_id: id, method: 'POST', url: '/v1/chat/completions', body };
}

/** Waits for what `serve` prints when it is ready, and goes on reading: a closed pipe would end it. */
function printedUrl(child: ReturnType<typeof startCli>['child']): Promise<string> {
  let printed = '';
  return new Promise((resolve, reject) => {
    child.stdout.on('data', (text: string) => {
      printed += text;
      const [, url] = /OPENAI_BASE_URL=(\S+)\n/.exec(printed) ?? [];
      if (url !== undefined) resolve(url);
    });
    child.once('close', () => reject(new Error('serve ended without its address')));
  });
}
