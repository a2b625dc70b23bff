import { once } from 'node:events';
import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** Calls the HTTP API of one host with one key. */
export interface ApiCaller {
  readonly baseUrl: string;
  readonly key: string;
  /** @throws Error for another status than 200 */
  json(method: string, path: string, body?: object): Promise<Record<string, unknown>>;
  /** Reads a content, through its redirect if there is one. */
  bytes(path: string): Promise<number>;
  /** A request whose key cannot be one. */
  refused(): Promise<void>;
}

export function callerOf(baseUrl: string, key: string): ApiCaller {
  const headers = { authorization: `Bearer ${key}` };
  return {
    baseUrl,
    key,
    async json(method, path, body) {
      const isForm = body instanceof FormData;
      const response = await fetch(`${baseUrl}${path}`, {
        method,
        headers: isForm || !body ? headers : { ...headers, 'content-type': 'application/json' },
        ...(body && { body: isForm ? body : JSON.stringify(body) }),
      });
      if (response.status === 200) return (await response.json()) as Record<string, unknown>;
      throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    },
    async bytes(path) {
      const response = await fetch(`${baseUrl}${path}`, { headers });
      return (await response.arrayBuffer()).byteLength;
    },
    async refused() {
      await (await fetch(`${baseUrl}/models`, { headers: { authorization: 'Bearer no' } })).text();
    },
  };
}

/** @param field of the file: `file`, or `data` of a part */
export function formOf(content: Uint8Array<ArrayBuffer>, field = 'file'): FormData {
  const form = new FormData();
  if (field === 'file') form.set('purpose', 'batch');
  form.set(field, new Blob([content]), 'a.jsonl');
  return form;
}

const BOUNDARY = 'api-bench';
const CHUNK = Buffer.alloc(1024 * 1024, '{}\n');

/** Uploads a file of any size as it is made: `fetch` would hold all of it in memory. */
export async function postFile({ baseUrl, key }: ApiCaller, bytes: number): Promise<void> {
  const head = [
    `--${BOUNDARY}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nbatch`,
    `--${BOUNDARY}\r\ncontent-disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n`,
  ].join('\r\n');
  const sent = request(`${baseUrl}/files`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
    },
  });
  sent.write(head);
  for (let rest = bytes; rest > 0; rest -= CHUNK.length)
    if (!sent.write(CHUNK.subarray(0, rest))) await once(sent, 'drain');
  sent.end(`\r\n--${BOUNDARY}--\r\n`);
  const [response] = await once(sent, 'response');
  const text = (await buffer(response)).toString('utf8');
  if (response.statusCode !== 200) throw new Error(`POST /files: ${response.statusCode} ${text}`);
}
