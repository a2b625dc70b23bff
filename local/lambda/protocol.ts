/** A message of an execution environment to the local run. Payloads are JSON, as in Lambda. */
export type EnvironmentMessage =
  /** The module of the handler has been loaded. */
  | { readonly type: 'ready' }
  | { readonly type: 'succeeded'; readonly payload: string }
  | { readonly type: 'failed'; readonly error: FunctionError };

/** A message of the local run to an execution environment. */
export interface InvokeMessage {
  readonly requestId: string;
  readonly payload: string;
  /** Milliseconds since 1970. */
  readonly deadlineAt: number;
  readonly invokedFunctionArn: string;
}

/** The payload of a failed invocation, in Lambda's format. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
  /** What Python calls its trace. */
  readonly stackTrace?: readonly string[];
}

/** The result of an invocation. */
export interface InvocationResult {
  readonly requestId: string;
  /** Set if the function threw, timed out or its process ended. */
  readonly functionError?: 'Unhandled';
  /** The value that the function returned, or a {@link FunctionError}, as JSON. */
  readonly payload: string;
}
