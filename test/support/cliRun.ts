import { Readable } from 'node:stream';
import { runCli } from '../../cli/program.ts';

interface CliRunOptions {
  /** What the person at the terminal answers. Default: there is no terminal. */
  readonly answer?: string;
  /** What the person types where nothing is shown. Default: there is no terminal. */
  readonly secret?: string;
  /** What is piped in. Default: nothing. */
  readonly stdin?: string;
  readonly now?: () => number;
}

/** Runs the command line in this process, as in a pipe, and gives what it wrote. */
export async function cliRun(
  args: readonly string[],
  { answer, secret, stdin, now = Date.now }: CliRunOptions = {},
) {
  const texts = { stdout: '', stderr: '' };
  const output = (name: keyof typeof texts) => ({
    write: (text: string) => {
      texts[name] += text;
    },
  });
  const code = await runCli(args, {
    stdout: output('stdout'),
    stderr: output('stderr'),
    ...(answer === undefined ? {} : { ask: async () => answer }),
    askSecret: secret === undefined ? undefined : async () => secret,
    stdin: stdin === undefined ? undefined : Readable.from([Buffer.from(stdin)]),
    interrupted: new AbortController().signal,
    now,
  });
  return { code, ...texts };
}
