import { ClientError } from '../shared/client/index.ts';
import type { CliContext } from './context.ts';

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
