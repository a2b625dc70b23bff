import type * as z from 'zod';
import { invalidText } from '../../shared/invalid/text.ts';

/** A request to a service that the local run implements itself. */
export interface ServiceRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  header(name: string): string | undefined;
  /** The headers by their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
  /** The bytes, decoded as UTF-8. */
  readonly body: string;
}

export interface ServiceResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, unless it is a string or a buffer. */
  readonly body: unknown;
}

export type Service = (request: ServiceRequest) => Promise<ServiceResponse> | ServiceResponse;

/** An error in the format that the AWS SDKs expect. */
export function serviceError(status: number, type: string, message: string): ServiceResponse {
  return {
    status,
    headers: { 'x-amzn-errortype': type },
    body: { __type: type, message, Message: message },
  };
}

/** The operation of a request in the JSON protocol: the part of X-Amz-Target after the dot. */
export function operationOf(request: ServiceRequest): string {
  return request.header('x-amz-target')?.split('.').at(-1) ?? '';
}

/** The content of an XML element in AWS's query protocol: a text, a list of members, or fields. */
export type XmlValue = string | readonly XmlValue[] | { readonly [name: string]: XmlValue };

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

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

/** An error that is returned as SQS returns it. */
export class SqsError extends Error {
  override readonly name: string;
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

export function invalidParameter(message: string): SqsError {
  return new SqsError('InvalidParameterValue', message);
}

/**
 * Parses the body of a request to SQS.
 *
 * @throws SqsError naming each missing or wrong parameter
 */
export function parseBody<T>(schema: z.ZodType<T>, body: string): T {
  const input: unknown = JSON.parse(body);
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw invalidParameter(invalidText(parsed.error, { input, schema, isHidden: true }));
}

/** Makes a service from an operation of SQS, which takes the request's body and returns the reply's. */
export function sqsOperation(operation: (body: string) => Promise<object>): Service {
  return async ({ body }) => {
    try {
      return { status: 200, body: await operation(body) };
    } catch (error) {
      if (error instanceof SqsError) return serviceError(400, error.name, error.message);
      throw error;
    }
  };
}
