import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { startOpenAiSimulator } from '../../simulators/openai/index.ts';
import { pythonWith } from '../support/python.ts';
import { ROOT } from './shellBlocks.ts';

const page = await readFile(join(ROOT, 'docs/comparison.md'), 'utf8');
const IDS = ['a', 'b', 'c'];
const BODY = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'The capital of France?' }],
};
const found = pythonWith(['langbatch==0.1.2', 'openai==1.109.1']);

it('docs/comparison.md shows a program with batch-handler/in-process that prints each row', async () => {
  expect(idsOf(await runNode())).toEqual(IDS);
});

it.skipIf('missing' in found)(
  'docs/comparison.md shows a program with LangBatch that prints the same',
  async () => {
    if ('missing' in found) return;
    const printed = await runPython(found.python);
    expect(idsOf(printed)).toEqual(IDS);
    expect(printed).toEqual(await runNode());
  },
);

async function runNode(): Promise<string[]> {
  const { directory, url } = await world();
  const program = changed(shown('ts', 'createBatchHandler'), {
    "'batch-handler/in-process'": `'${pathToFileURL(join(ROOT, 'inProcess/index.ts'))}'`,
    "kind: 'openai',": `kind: 'openai', baseUrl: '${url}',`,
    'sweepSeconds: 60': 'sweepSeconds: 0.05',
  });
  await writeFile(join(directory, 'program.mts'), program);
  return firstRows(process.execPath, ['program.mts'], directory, { OPENAI_API_KEY: 'sk-test' });
}

async function runPython(python: string): Promise<string[]> {
  const { directory, url } = await world();
  const program = changed(shown('python', 'BatchHandler('), { 'wait_time=60': 'wait_time=0.05' });
  await writeFile(join(directory, 'program.py'), program);
  return firstRows(python, ['-u', 'program.py'], directory, {
    OPENAI_API_KEY: 'sk-test',
    OPENAI_BASE_URL: url,
    LANGBATCH_DATA_PATH: directory,
  });
}

/** A directory with a file of requests, and a provider. */
async function world() {
  const directory = await mkdtemp(join(tmpdir(), 'comparison-'));
  const simulator = await startOpenAiSimulator({
    ...{ dataDir: join(directory, 'openai'), jobSeconds: 0.05 },
  });
  onTestFinished(async () => {
    await simulator.close();
    await rm(directory, { recursive: true, force: true });
  });
  const lines = IDS.map((id) =>
    JSON.stringify({ custom_id: id, method: 'POST', url: '/v1/chat/completions', body: BODY }),
  );
  await writeFile(join(directory, 'requests.jsonl'), `${lines.join('\n')}\n`);
  return { directory, url: simulator.url };
}

/** The program of the page in a language that has this text. */
function shown(language: string, text: string): string {
  const blocks = [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))];
  const code = blocks.map(([, block = '']) => block).find((block) => block.includes(text));
  if (code === undefined) throw new Error(`docs/comparison.md shows no ${language} with ${text}`);
  return code;
}

/** The program for this machine: where the page's text would take a minute or call the real provider. */
function changed(program: string, replacements: Readonly<Record<string, string>>): string {
  return Object.entries(replacements).reduce((text, [from, to]) => {
    expect(text.split(from)).toHaveLength(2);
    return text.replace(from, to);
  }, program);
}

/**
 * What a program prints for each request, in the order of the ids. It would run for ever, and is killed
 * after the last one. An answer of the simulator has two lines.
 */
async function firstRows(
  command: string,
  parameters: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>>,
): Promise<string[]> {
  const env = { ...process.env, ...environment };
  const child = spawn(command, parameters, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  let problems = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    problems += text;
  });
  const lines: string[] = [];
  try {
    for await (const line of createInterface(child.stdout)) {
      lines.push(line);
      if (lines.length === 2 * IDS.length)
        return lines
          .join('\n')
          .split(/\n(?=[abc] )/)
          .toSorted();
    }
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
  throw new Error(`the program ended after ${lines.length} lines: ${problems}`);
}

function idsOf(rows: readonly string[]): string[] {
  return rows.map((row) => row.split(' ')[0] ?? '');
}
