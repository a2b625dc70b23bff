import { createInterface } from 'node:readline/promises';
import { type Readable, Writable } from 'node:stream';
import { ClientError } from '../../shared/client/clientError.ts';
import type { CliContext } from '../context.ts';

/** Shows nothing of what is typed. */
const HIDDEN = new Writable({ write: (_chunk, _encoding, done) => done() });

/** Characters of a hidden answer. */
const MAX_HIDDEN_LENGTH = 64 * 1024;

/**
 * Asks on the terminal. ^C aborts `interrupted`, as it does everywhere else; ^D ends the answer.
 *
 * @param isHidden whether the answer is not shown. It may then be JSON of several lines
 */
export async function askOnTerminal(
  question: string,
  interrupted: AbortController,
  {
    isHidden = false,
    input = process.stdin,
    output = process.stderr,
  }: { readonly isHidden?: boolean; readonly input?: Readable; readonly output?: Writable } = {},
): Promise<string> {
  const terminal = createInterface({
    input,
    output: isHidden ? HIDDEN : output,
    terminal: true,
    historySize: 0,
  });
  terminal.setPrompt(question);
  if (isHidden) output.write(question);
  else terminal.prompt();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let answer = '';
  terminal.on('line', (line) => {
    answer += answer === '' ? line : `\n${line}`;
    if (!isHidden || isWhole(answer)) resolve(answer);
  });
  terminal.once('close', () => resolve(answer));
  terminal.once('SIGINT', () => interrupted.abort(new Error('interrupted')));
  const abort = (): void => reject(interrupted.signal.reason);
  interrupted.signal.addEventListener('abort', abort, { once: true });
  if (interrupted.signal.aborted) abort();
  try {
    return await promise;
  } finally {
    interrupted.signal.removeEventListener('abort', abort);
    terminal.close();
    if (isHidden) output.write('\n');
  }
}

/** Whether nothing follows. Lines of a pasted key that are not read here would go to the shell. */
function isWhole(answer: string): boolean {
  if (!answer.trimStart().startsWith('{') || answer.length > MAX_HIDDEN_LENGTH) return true;
  try {
    JSON.parse(answer);
    return true;
  } catch {
    return false;
  }
}

/**
 * Asks for confirmation of a change.
 *
 * @param yes the option `--yes`, which skips the question
 * @throws ClientError if there is no terminal to ask at
 */
export async function confirm(
  question: string,
  yes: boolean | undefined,
  { ask, stderr }: CliContext,
): Promise<boolean> {
  if (yes) return true;
  if (!ask)
    throw new ClientError(
      'invalid_input',
      'there is no terminal to ask for confirmation: add --yes',
    );
  const answer = (await ask(`${question} [y/N] `)).trim().toLowerCase();
  if (answer === 'y' || answer === 'yes') return true;
  stderr.write('nothing was changed\n');
  return false;
}
