import type * as z from 'zod';

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

/** An element of the XML of AWS's query protocol: a text, a list of members, or fields. */
export type XmlValue = string | readonly XmlValue[] | { readonly [name: string]: XmlValue };

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** The content of an element. */
export function xmlOf(value: XmlValue): string {
  if (typeof value === 'string') return value.replace(/[&<>]/g, (sign) => ESCAPES[sign] ?? '');
  if (isList(value)) return value.map((member) => element('member', member)).join('');
  return Object.entries(value)
    .map(([name, field]) => element(name, field))
    .join('');
}

function element(name: string, value: XmlValue): string {
  return `<${name}>${xmlOf(value)}</${name}>`;
}

function isList(value: Exclude<XmlValue, string>): value is readonly XmlValue[] {
  return Array.isArray(value);
}

/** An error as SQS answers it. */
export class SqsError extends Error {
  override readonly name: string;
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

export function invalid(message: string): SqsError {
  return new SqsError('InvalidParameterValue', message);
}

/** @throws SqsError naming every parameter that is missing or wrong */
export function parse<T>(schema: z.ZodType<T>, body: string): T {
  const parsed = schema.safeParse(JSON.parse(body));
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw invalid(issues.join('; '));
}

/** An operation of SQS's JSON protocol, from the body of its request to that of its answer. */
export function answering(operation: (body: string) => Promise<object>): Service {
  return async ({ body }) => {
    try {
      return { status: 200, body: await operation(body) };
    } catch (error) {
      if (error instanceof SqsError) return serviceError(400, error.name, error.message);
      throw error;
    }
  };
}
