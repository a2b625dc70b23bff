#!/usr/bin/env node
import { enableCompileCache } from 'node:module';

// Before the program is loaded: Node then keeps its compiled code, and that of the AWS SDK, in the
// directory for temporary files.
enableCompileCache();
const [{ runCli }, { programName }] = await Promise.all([
  import('./program.ts'),
  import('./hints.ts'),
]);

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort(new Error('interrupted')));

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader of the output may close it early, as head does.
  if (error.code === 'EPIPE') process.exit(0);
  void import('./explain.ts').then(({ explainFile }) => {
    const { line, exitCode } = explainFile(error, 'stdout') ?? { line: error.message, exitCode: 1 };
    process.stderr.write(`${line}\n`);
    process.exit(exitCode);
  });
});
// Without anybody who reads it, it is lost; the exit code stays.
process.stderr.on('error', () => {});

const isAttended = process.stdin.isTTY && process.stderr.isTTY;

async function askUser(question: string, isHidden: boolean): Promise<string> {
  const { askOnTerminal } = await import('./terminal/confirm.ts');
  return askOnTerminal(question, interrupted, { isHidden });
}

process.exitCode = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin.isTTY ? undefined : process.stdin,
  ask: isAttended ? (question) => askUser(question, false) : undefined,
  askSecret: isAttended ? (question) => askUser(question, true) : undefined,
  interrupted: interrupted.signal,
  program: programName(process.argv[1] ?? '', process.env, process.cwd()),
  now: Date.now,
});

// What the ports of a user keep open, such as a pool of connections, must not keep the command.
process.stdout.write('', (error) => {
  // A failed write is explained above.
  if (!error) process.stderr.write('', () => process.exit());
});
