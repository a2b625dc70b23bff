import { createInterface } from 'node:readline/promises';
import { ClientError } from '../../shared/client/index.ts';
import type { CliContext } from '../connect.ts';

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
 * Whether to go on with what changes something.
 *
 * @param yes of the option `--yes`
 * @throws ClientError where nobody can be asked
 */
export async function confirm(
  question: string,
  yes: boolean | undefined,
  { ask, stderr }: CliContext,
): Promise<boolean> {
  if (yes) return true;
  if (!ask) throw new ClientError('invalid_input', 'this is no terminal to ask at: say --yes');
  const answer = (await ask(`${question} [y/N] `)).trim().toLowerCase();
  if (answer === 'y' || answer === 'yes') return true;
  stderr.write('nothing was changed\n');
  return false;
}
