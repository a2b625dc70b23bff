import { ClientError, type ClientErrorCode } from '../shared/client/clientError.ts';
import { invalidText, isZodError } from '../shared/invalid/text.ts';
import { EXIT } from './context.ts';
import { oneLine } from './terminal/output.ts';

/** An error as one line with its fix, and the exit code. */
interface ExplainedError {
  readonly line: string;
  readonly exitCode: number;
}

/** What the command line adds to the messages of the client library. */
const HINTS: Partial<Record<ClientErrorCode, string>> = {
  unknown_stack: "see aws cloudformation list-stacks --query 'StackSummaries[].StackName'",
  several_handlers: 'name it with --handler',
  unknown_batch: 'see batch-handler list',
  batch_exists: 'name it with --id',
};

/** Every other code is an error of usage. */
const EXIT_CODES: Partial<Record<ClientErrorCode, number>> = {
  refused: EXIT.failed,
  timeout: EXIT.failed,
  local_stack_not_running: EXIT.unreachable,
  not_running: EXIT.unreachable,
};

/** Error codes of AWS for credentials that it does not accept. */
const BAD_CREDENTIALS =
  /ExpiredToken|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|InvalidAccessKeyId|InvalidSignature|AuthFailure/;
const NETWORK = /ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/;

/** Errors of files of this machine. Of a path that is wrong, the user can name another. */
const FILE_ERRORS: Readonly<Record<string, readonly [text: string, exitCode: number]>> = {
  ENOSPC: ['no space left on the device', EXIT.failed],
  EDQUOT: ['the disk quota is used up', EXIT.failed],
  EIO: ['the device failed', EXIT.failed],
  EFBIG: ['the file would be too large', EXIT.failed],
  EPIPE: ['its reader has closed it', EXIT.failed],
  ENOENT: ['no such file or directory', EXIT.usage],
  ENOTDIR: ['a part of its path is not a directory', EXIT.usage],
  EISDIR: ['it is a directory', EXIT.usage],
  EACCES: ['permission denied', EXIT.usage],
  EPERM: ['permission denied', EXIT.usage],
  EROFS: ['the file system is read-only', EXIT.usage],
};

/**
 * An error of reading or writing a file; undefined if it is another.
 *
 * @param place what was read or written, if the error does not say
 */
export function explainFile(error: unknown, place?: string): ExplainedError | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  const [text, exitCode] = FILE_ERRORS[String(error.code)] ?? [];
  if (text === undefined || exitCode === undefined) return undefined;
  const path = 'path' in error ? String(error.path).replace(/\.part$/, '') : place;
  const verb = error.syscall === 'read' || error.syscall === 'scandir' ? 'read' : 'use';
  const action = error.syscall === 'write' ? 'write' : verb;
  return { line: oneLine(`cannot ${action} ${path ?? 'a file'}: ${text}`), exitCode };
}

export function explain(error: unknown): ExplainedError {
  if (!(error instanceof Error)) return unreachable(String(error));
  const { name } = error;
  const message = isZodError(error) ? invalidText(error) : error.message;
  if (
    /region is missing/i.test(message) ||
    (error instanceof ClientError && error.code === 'no_region')
  )
    return unreachable('no AWS region: name one with --region, or set AWS_REGION');
  if (error instanceof ClientError) {
    const hint = HINTS[error.code];
    const line = oneLine(hint === undefined ? message : `${message}; ${hint}`);
    return { line, exitCode: EXIT_CODES[error.code] ?? EXIT.usage };
  }
  const ofFile = explainFile(error);
  if (ofFile !== undefined) return ofFile;
  const code = 'code' in error ? String(error.code) : '';
  const what = `${name}: ${message}`;
  if (name === 'CredentialsProviderError' || /Could not load credentials/.test(message))
    return unreachable(
      `no AWS credentials: sign in (aws sso login, aws configure) or name a profile with --profile (${message})`,
    );
  if (BAD_CREDENTIALS.test(what))
    return unreachable(`AWS refuses the credentials: sign in again (${what})`);
  if (/AccessDenied|Forbidden|not authorized/i.test(what))
    return unreachable(`${message} (docs/cli.md lists the permissions that each command needs)`);
  if (NETWORK.test(`${code} ${what}`) || name === 'TimeoutError')
    return unreachable(
      '$metadata' in error
        ? `cannot reach AWS: ${message || code}; check --region and the network`
        : `cannot connect: ${message || code}; check the network, and what the module of --runtime connects to`,
    );
  return unreachable(what);
}

function unreachable(text: string): ExplainedError {
  return { line: oneLine(text), exitCode: EXIT.unreachable };
}
