import { ClientError } from '../shared/client/clientError.ts';
import type { CliContext } from './context.ts';

/** A file of requests. */
export interface InputFile {
  readonly path: string;
  /** As the user called it. */
  readonly name: string;
}

/** Stands for stdin. */
export const STDIN = '-';

/**
 * Gives files of requests to a function. What comes from stdin is kept in a temporary file meanwhile,
 * in constant memory, because it is read more than once.
 *
 * @param names paths, or `-` for stdin
 */
export async function withInputs<T>(
  names: readonly string[],
  { stdin, interrupted }: Pick<CliContext, 'stdin' | 'interrupted'>,
  use: (inputs: readonly InputFile[]) => Promise<T>,
): Promise<T> {
  const piped = names.filter((name) => name === STDIN);
  if (piped.length === 0) return use(names.map((name) => ({ path: name, name })));
  if (piped.length > 1)
    throw new ClientError('invalid_input', '- is stdin, which can be read only once');
  if (stdin === undefined)
    throw new ClientError(
      'invalid_input',
      '- is stdin, which is a terminal here: pipe the requests in, or name a file',
    );
  const { spool } = await import('../shared/client/fingerprint.ts');
  const spooled = await spool(stdin, 'stdin.jsonl', interrupted);
  try {
    return await use(
      names.map((name) => (name === STDIN ? { path: spooled.path, name } : { path: name, name })),
    );
  } finally {
    await spooled.remove();
  }
}
