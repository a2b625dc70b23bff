/** What the page offers to do about a finding. */
export type Fix =
  | { readonly kind: 'resume'; readonly provider: string }
  /** A new key for the provider entry. */
  | { readonly kind: 'key'; readonly provider: string }
  /** The dead letters of a queue. */
  | { readonly kind: 'letters'; readonly queue: string }
  | { readonly kind: 'batch'; readonly batchId: string }
  /** The batches of a provider entry, or all that are open. */
  | { readonly kind: 'batches'; readonly provider?: string }
  /** A command that only a terminal can run, complete. */
  | { readonly kind: 'command'; readonly text: string };

/** A word of a command in a sentence: what ends the sentence or its part does not belong to it. */
const WORD = '([^\\s,;:()]*[\\w-])';
const pattern = (text: string) => new RegExp(`\\bbatch-handler ${text}`);

const RESUME = pattern(`resume ${WORD}`);
const KEY = pattern(`key ${WORD}`);
const REDRIVE = pattern(`redrive --queue ${WORD}`);
const LIST = pattern(`list --provider ${WORD}`);
const LIST_OPEN = pattern('list --status open');
const OTHER = new RegExp(`\\bbatch-handler (?:remove ${WORD}|[a-z]+)`);
/** A command of the AWS CLI. Its options have no comma that a space follows. */
const AWS = /\baws [a-z][a-z-]* (?:(?!, ).)+/;
/** The doctor names a batch so whose records in a log are to be looked for. */
const BATCH_IN_LOG = /, for "([^"]+)"$/;

/**
 * What the page can do about a finding of the doctor, by the command that its advice names.
 *
 * @param hint completes a command, so that it can be pasted
 * @returns undefined if it names none
 */
export function fixOf(advice: string, hint: (text: string) => string): Fix | undefined {
  const found = (expression: RegExp): string | undefined => expression.exec(advice)?.[1];
  const resumed = found(RESUME);
  if (resumed !== undefined) return { kind: 'resume', provider: resumed };
  const keyOf = found(KEY);
  if (keyOf !== undefined) return { kind: 'key', provider: keyOf };
  const queue = found(REDRIVE);
  if (queue !== undefined) return { kind: 'letters', queue };
  const provider = found(LIST);
  if (provider !== undefined) return { kind: 'batches', provider };
  if (LIST_OPEN.test(advice)) return { kind: 'batches' };
  const batchId = found(BATCH_IN_LOG);
  if (batchId !== undefined) return { kind: 'batch', batchId };
  const [command] = OTHER.exec(advice) ?? AWS.exec(advice) ?? [];
  return command === undefined ? undefined : { kind: 'command', text: hint(command) };
}
