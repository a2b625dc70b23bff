import type { ProviderState } from './providerState.ts';

/** What a user told of a provider: start nothing new there, or go on. */
export type ProviderCommand = NonNullable<ProviderState['lastCommand']>;

/**
 * Takes in what a user told. The message that was sent last counts, in whatever order and however
 * often they are delivered: an old pause that comes again does not undo a resume. Going on also
 * ends a hold, because whoever says so has seen to its cause.
 */
export function obey(state: ProviderState, command: ProviderCommand): ProviderState {
  const { lastCommand, hold, ...rest } = state;
  if (lastCommand && !isLater(command, lastCommand)) return state;
  const isHoldKept = hold !== undefined && command.action === 'pause';
  return { ...rest, ...(isHoldKept ? { hold } : {}), lastCommand: command };
}

/** Whether a user keeps it from being started on; its refusals are holds, and end by themselves. */
export function isPaused({ lastCommand }: ProviderState): boolean {
  return lastCommand?.action === 'pause';
}

/** Of two sent in the same millisecond one must count, the same for every reader. */
function isLater(a: ProviderCommand, b: ProviderCommand): boolean {
  return a.sentAt === b.sentAt ? a.messageId > b.messageId : a.sentAt > b.sentAt;
}
