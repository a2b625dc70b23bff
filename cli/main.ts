#!/usr/bin/env node
import { runCli } from './program.ts';
import { askOnTerminal } from './terminal/confirm.ts';

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort(new Error('interrupted')));

// A reader of the output may close it early, as head does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

const isAttended = process.stdin.isTTY && process.stderr.isTTY;

process.exitCode = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  ask: isAttended ? (question) => askOnTerminal(question, interrupted) : undefined,
  interrupted: interrupted.signal,
  now: Date.now,
});
