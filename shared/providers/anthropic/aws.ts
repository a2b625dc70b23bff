import { createHash, createHmac } from 'node:crypto';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { SignatureV4 } from '@smithy/signature-v4';
import { messageOf, ProviderError, shortReason } from '../../batch/errors.ts';

/**
 * Claude Platform on AWS: Anthropic's own API, to which calls are signed with the functions' own
 * AWS credentials instead of a key. Anthropic's SDK for it does the same and is not used, because it
 * would add a second signer and a second chain of credentials to the functions:
 * https://github.com/anthropics/anthropic-sdk-typescript/tree/main/packages/aws-sdk
 */
const SERVICE = 'aws-external-anthropic';

export function awsBaseUrl(region: string): string {
  return `https://${SERVICE}.${region}.api.aws`;
}

/**
 * Gives any fetch calls that are signed.
 *
 * @param region of the workspace
 */
export function signingFor(region: string): (send: typeof fetch) => typeof fetch {
  const credentials = defaultProvider();
  const signer = new SignatureV4({ service: SERVICE, region, credentials, sha256: Sha256 });
  return (send) => async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    return send(url, { ...init, headers: await signedHeaders(signer, url, init) });
  };
}

async function signedHeaders(
  signer: SignatureV4,
  url: URL,
  { method = 'GET', headers: given, body }: RequestInit = {},
): Promise<Record<string, string>> {
  const headers = Object.fromEntries(new Headers(given));
  // A proxy may remove it.
  delete headers.connection;
  headers.host = url.host;
  // The signer cannot read a body that is a file.
  headers['x-amz-content-sha256'] = await sha256Of(body);
  const request = {
    method: method.toUpperCase(),
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: Object.fromEntries(
      [...url.searchParams.keys()].map((name) => [name, url.searchParams.getAll(name)]),
    ),
    headers,
  };
  try {
    const { host: _, ...signed } = (await signer.sign(request)).headers;
    return signed;
  } catch (error) {
    // Nothing was sent.
    const message = `Anthropic, credentials: AWS gave the function none: ${messageOf(error)}`;
    throw new ProviderError('account', shortReason('no_aws_credentials', message));
  }
}

/** The hash of a body, of which a piece at a time is in memory. */
async function sha256Of(body: RequestInit['body']): Promise<string> {
  const hash = createHash('sha256');
  if (typeof body === 'string') hash.update(body);
  else if (body instanceof Blob) for await (const chunk of body.stream()) hash.update(chunk);
  else if (body !== undefined && body !== null)
    throw new TypeError('only texts and files can be signed');
  return hash.digest('hex');
}

/** What the signer hashes with. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytes(secret));
  }
  update(chunk: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytes(chunk));
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
  /** Of the signer's interface, which never calls it. */
  reset(): void {}
}

function bytes(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
