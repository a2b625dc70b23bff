import { runCli } from '../../cli/program.ts';

/** Runs the command line in this process, as in a pipe, and gives what it wrote. */
export async function cliRun(
  args: readonly string[],
  { answer, now = Date.now }: { readonly answer?: string; readonly now?: () => number } = {},
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
    interrupted: new AbortController().signal,
    now,
  });
  return { code, ...texts };
}
