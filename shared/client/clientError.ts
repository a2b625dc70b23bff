/** What went wrong, as a stable word for programs. */
export type ClientErrorCode =
  | 'no_region'
  | 'unknown_stack'
  | 'no_handler'
  | 'several_handlers'
  | 'unknown_handler'
  | 'local_stack_not_running'
  | 'not_running'
  | 'ports_missing'
  | 'invalid_input'
  | 'unknown_batch'
  | 'batch_exists'
  | 'not_possible'
  | 'no_rows'
  | 'input_expired'
  | 'refused'
  | 'timeout';

/** An error that the caller can fix. The message is one line that names the value and the fix. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;
  constructor(code: ClientErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
