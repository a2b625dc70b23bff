import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { PACKAGE_ROOT } from '../shared/package.ts';
import type { ProviderKind } from '../shared/providers/kinds.ts';
import { oneLine } from '../shared/terminal.ts';
import type { BatchView } from './batches.ts';
import { LOCAL_KINDS } from './providerKinds.ts';

/** Completes a command of the command line, so that it can be pasted: `show x` → `bin/batch-handler show x --local`. */
export type Complete = (command: string) => string;

/** @param dataDirectory the directory of the running stack */
export function commandsFor(
  {
    dataDirectory,
    runtime,
  }: { readonly dataDirectory: string; readonly runtime?: string | undefined },
  cwd = process.cwd(),
): Complete {
  const program = programName(cwd);
  const directory = relative(cwd, resolve(cwd, dataDirectory));
  const local = directory === '.local' ? '--local' : `--local ${word(directory)}`;
  const ports =
    runtime === undefined ? '' : ` --runtime ${word(relative(cwd, resolve(cwd, runtime)))}`;
  return (command) => `${program} ${command} ${local}${ports}`;
}

/** How the command line is called from a directory: in a clone, by its own file. */
export function programName(cwd = process.cwd()): string {
  const inClone = join(PACKAGE_ROOT, 'bin', 'batch-handler');
  return existsSync(inClone) ? word(relative(cwd, inClone)) : 'npx batch-handler';
}

/** A word for the shell. */
function word(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

interface NextSteps {
  /** A batch that there is. */
  readonly batchId: string;
  readonly exampleFile: string;
  /** The commands that set the environment of the AWS CLI. */
  readonly variables: string;
  /** The base URL of the HTTP API, if the stack has one. */
  readonly api: string | undefined;
  /** The address of the console, if the stack has one. */
  readonly console: string | undefined;
}

/** What to type while the stack is kept running. All of it can be pasted. */
export function nextSteps(
  complete: Complete,
  { batchId, exampleFile, variables, api, console }: NextSteps,
): string {
  const file = word(relative(process.cwd(), exampleFile));
  const commands = [`show ${batchId}`, `results ${batchId}`, `add ${file} --wait`, 'list', 'serve'];
  const seen =
    console === undefined ? [] : ['', '# The console of the stack, in your browser:', console];
  return [
    ...seen,
    '',
    '# The stack is up until you press ^C. In another terminal, in this directory:',
    ...commands.map(complete),
    '',
    '# For the AWS CLI and SDKs, there:',
    variables,
    ...(api === undefined ? [] : apiSteps(complete, api)),
  ].join('\n');
}

function apiSteps(complete: Complete, api: string): readonly string[] {
  return [
    '# For clients of OpenAI, at the function URL:',
    `export OPENAI_BASE_URL=${api}`,
    `export OPENAI_API_KEY=$(${complete('keys create --name me')})`,
    '',
  ];
}

/**
 * Tells of each provider entry that is blocked, with the provider's text and the fix: once, and again
 * when the text changes.
 *
 * @param kinds the kinds of the provider entries
 */
export function createBlockNotes(
  note: (text: string) => void,
  complete: Complete,
  kinds: Readonly<Record<string, { readonly kind: ProviderKind }>>,
): (views: readonly BatchView[]) => void {
  const told = new Map<string, string>();
  return (views) => {
    for (const { waitingFor } of views) {
      if (waitingFor?.kind !== 'blocked') continue;
      const { provider, reason, text } = waitingFor;
      const cause = `${reason.code}: ${reason.message}`;
      if (told.get(provider) === cause) continue;
      told.set(provider, cause);
      const kind = kinds[provider]?.kind;
      const key = kind && LOCAL_KINDS[kind].key;
      const correct = key ? `correct ${key} or the account` : 'correct the account';
      const resume = complete(`resume ${provider}`);
      note(
        `${oneLine(text)}\n  To go on, ${correct}, press ^C and start again. If it is correct by now: ${resume}`,
      );
    }
  };
}
