import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { childEnvironment } from '../../local/childEnvironment.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PAGE = readFileSync(join(ROOT, 'docs', 'api.md'), 'utf8');
/** A program of the page begins with a comment that names its file. */
const PROGRAM = /^```(?:python|ts)\n(?:#|\/\/) (\S+)\n(.*?)^```$/gms;

/** The programs of the page, by the names of their files. */
export const PROGRAMS: ReadonlyMap<string, string> = new Map(
  [...PAGE.matchAll(PROGRAM)].map(([, name = '', program = '']) => [name, program]),
);

/** Where a client finds the API. */
export interface Address {
  /** With `/v1`. */
  readonly baseUrl: string;
  readonly apiKey: string;
}

/** The model that the page's programs name. */
const MODEL = 'claude-haiku-4-5';

/** Waits of the page that would take a test half a minute each. */
const SHORTER: readonly (readonly [string, string])[] = [
  ['time.sleep(30)', 'time.sleep(0.2)'],
  ['timedelta(seconds=30)', 'timedelta(seconds=0.2)'],
  ['delay(30_000)', 'delay(200)'],
];

interface ProgramRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program of the page as it stands there, but for its waits and its model, in a directory with
 * a file of requests.
 *
 * @param python the interpreter, for a program in Python
 */
export async function runProgram(
  name: string,
  { baseUrl, apiKey }: Address,
  { model, requests, python }: { model: string; requests: string; python?: string | undefined },
): Promise<ProgramRun> {
  const program = PROGRAMS.get(name);
  if (program === undefined) throw new Error(`docs/api.md shows no program named ${name}`);
  const directory = mkdtempSync(join(tmpdir(), 'client-'));
  try {
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
    cpSync(requests, join(directory, 'requests.jsonl'));
    const changes = [...SHORTER, [MODEL, model] as const];
    const changed = changes.reduce((all, [from, to]) => all.replaceAll(from, to), program);
    writeFileSync(join(directory, name), changed);
    const child = spawn(python ?? process.execPath, [name], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...childEnvironment(),
        OPENAI_BASE_URL: baseUrl,
        OPENAI_API_KEY: apiKey,
        // LiteLLM would ask its repository for prices.
        LITELLM_LOCAL_MODEL_COST_MAP: 'True',
      },
    });
    const texts = Promise.all([text(child.stdout), text(child.stderr)]);
    const [status] = await once(child, 'close');
    const [stdout, stderr] = await texts;
    return { status, stdout, stderr };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
