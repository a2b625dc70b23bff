import { createInterface } from 'node:readline/promises';

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
