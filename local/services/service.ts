/** A request to one of the services that the local run answers itself. */
export interface ServiceRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  header(name: string): string | undefined;
  /** By lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
  /** The bytes as UTF-8. */
  readonly body: string;
}

export interface ServiceResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, or as it is if it is a text or bytes. */
  readonly body: unknown;
}

export type Service = (request: ServiceRequest) => Promise<ServiceResponse> | ServiceResponse;

/** An error in the form in which the AWS SDKs read it. */
export function serviceError(status: number, type: string, message: string): ServiceResponse {
  return {
    status,
    headers: { 'x-amzn-errortype': type },
    body: { __type: type, message, Message: message },
  };
}

/** The operation of a JSON-protocol request: the part of X-Amz-Target after the dot. */
export function operationOf(request: ServiceRequest): string {
  return request.header('x-amz-target')?.split('.').at(-1) ?? '';
}
