import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { ClientError } from '../../shared/client/clientError.ts';
import type { CliContext } from '../context.ts';

/** Shows nothing of what is typed. */
const HIDDEN = new Writable({ write: (_chunk, _encoding, done) => done() });

/**
 * Asks on the terminal. ^C aborts `interrupted`, as it does everywhere else.
 *
 * @param isHidden whether the answer is not shown
 */
export async function askOnTerminal(
  question: string,
  interrupted: AbortController,
  { isHidden = false }: { readonly isHidden?: boolean } = {},
): Promise<string> {
  const output = isHidden ? HIDDEN : process.stderr;
  const terminal = createInterface({
    input: process.stdin,
    output,
    terminal: true,
    historySize: 0,
  });
  if (isHidden) process.stderr.write(question);
  terminal.once('SIGINT', () => interrupted.abort(new Error('interrupted')));
  try {
    return await terminal.question(question, { signal: interrupted.signal });
  } finally {
    terminal.close();
    if (isHidden) process.stderr.write('\n');
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
