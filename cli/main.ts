#!/usr/bin/env node
import { runCli } from './program.ts';
import { askOnTerminal } from './terminal/confirm.ts';

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort(new Error('interrupted')));

// Whoever reads the output may have had enough, as head has.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

const isAttended = process.stdin.isTTY && process.stderr.isTTY;

process.exitCode = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  ...(isAttended ? { ask: (question) => askOnTerminal(question, interrupted) } : {}),
  interrupted: interrupted.signal,
  now: Date.now,
});
