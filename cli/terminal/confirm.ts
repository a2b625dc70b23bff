import { createInterface } from 'node:readline/promises';
import { ClientError } from '../../shared/client/clientError.ts';
import type { CliContext } from '../context.ts';

/** Asks on the terminal. ^C aborts `interrupted`, as it does everywhere else. */
export async function askOnTerminal(
  question: string,
  interrupted: AbortController,
): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  terminal.once('SIGINT', () => interrupted.abort(new Error('interrupted')));
  try {
    return await terminal.question(question, { signal: interrupted.signal });
  } finally {
    terminal.close();
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
