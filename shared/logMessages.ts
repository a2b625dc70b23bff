/** Log messages that the saved queries filter by. docs/runbook.md says what each query is for. */
export const LOG_MESSAGES = {
  workDone: 'work done',
  messageRefused: 'message refused',
  workMessageRefused: 'work message refused',
  requestRefused: 'request refused',
  providerBlocked: 'provider refuses our account; blocked',
  providerCoolingDown: 'provider over quota; cooling down',
  providerPaused: 'provider paused by a user; batches wait',
  budgetReached: 'daily budget reached; batches wait',
} as const;
