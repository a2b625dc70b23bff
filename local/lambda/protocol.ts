/** What goes between the local run and an execution environment. Payloads are JSON, as in Lambda. */
export type EnvironmentMessage =
  /** The handler's module is loaded. */
  | { readonly type: 'ready' }
  | { readonly type: 'succeeded'; readonly payload: string }
  | { readonly type: 'failed'; readonly error: FunctionError };

export interface InvokeMessage {
  readonly requestId: string;
  readonly payload: string;
  /** Milliseconds since 1970. */
  readonly deadlineAt: number;
  readonly invokedFunctionArn: string;
}

/** The payload of a failed invocation, in Lambda's words. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

/** How an invocation ended. */
export interface InvocationResult {
  readonly requestId: string;
  /** Set if the function failed: it threw, ran out of time or its process ended. */
  readonly functionError?: 'Unhandled';
  /** What the function returned, or a {@link FunctionError}, as JSON. */
  readonly payload: string;
}
