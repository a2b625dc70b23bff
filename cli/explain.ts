import type { ClientErrorCode } from '../shared/client/index.ts';
import { EXIT } from './connect.ts';
import { oneLine } from './terminal/output.ts';

/** An error for people: one line with the fix, and what the process exits with. */
export interface Explained {
  readonly line: string;
  readonly exitCode: number;
}

/** What the command line adds to what the library says. */
const HINTS: Partial<Record<ClientErrorCode, string>> = {
  unknown_stack: "see aws cloudformation list-stacks --query 'StackSummaries[].StackName'",
  several_handlers: 'with --handler',
  unknown_batch: 'see batch-handler list',
};

const FAILED: ReadonlySet<string> = new Set(['refused', 'timeout'] satisfies ClientErrorCode[]);
const UNREACHABLE: ReadonlySet<string> = new Set([
  'local_stack_not_running',
] satisfies ClientErrorCode[]);

/** Of AWS: its words for credentials that it does not take. */
const BAD_CREDENTIALS =
  /ExpiredToken|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|InvalidAccessKeyId|InvalidSignature|AuthFailure/;
const NETWORK = /ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/;

export function explain(error: unknown): Explained {
  if (!(error instanceof Error)) return unreachable(String(error));
  const { name, message } = error;
  const code = 'code' in error ? String(error.code) : '';
  if (name === 'ClientError') {
    const hint = HINTS[code as ClientErrorCode];
    const exitCode = FAILED.has(code) ? EXIT.failed : EXIT.usage;
    return {
      line: oneLine(hint === undefined ? message : `${message}; ${hint}`),
      exitCode: UNREACHABLE.has(code) ? EXIT.unreachable : exitCode,
    };
  }
  const what = `${name}: ${message}`;
  if (name === 'CredentialsProviderError' || /Could not load credentials/.test(message))
    return unreachable(
      `no AWS credentials: sign in (aws sso login, aws configure) or name a profile with --profile (${message})`,
    );
  if (/region is missing/i.test(message))
    return unreachable('no AWS region: name one with --region, or set AWS_REGION');
  if (BAD_CREDENTIALS.test(what))
    return unreachable(`AWS refuses the credentials: sign in again (${what})`);
  if (/AccessDenied|Forbidden|not authorized/i.test(what))
    return unreachable(`${message} (docs/cli.md has the permissions that this needs)`);
  if (NETWORK.test(`${code} ${what}`) || name === 'TimeoutError')
    return unreachable(`cannot reach AWS: ${message || code}; check --region and the network`);
  return unreachable(what);
}

function unreachable(text: string): Explained {
  return { line: oneLine(text), exitCode: EXIT.unreachable };
}
