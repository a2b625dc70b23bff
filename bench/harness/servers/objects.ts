import { createReadStream, statSync } from 'node:fs';
import { listen, type ServerOptions } from '../listen.ts';
import { optionsOf } from '../process.ts';

/** The part of S3 that the object store uses. What is written to it is discarded. */
export interface ObjectsOptions extends ServerOptions {
  /** Path of the file that is the content of every object. */
  readonly content: string;
}

const ETAG = '"0123456789abcdef0123456789abcdef"';
const options = optionsOf<ObjectsOptions>();
const { content } = options;

await listen(options, async (request, response) => {
  const query = new URL(request.url ?? '/', 'http://127.0.0.1').searchParams;
  if (request.method === 'GET' || request.method === 'HEAD') {
    const { size } = statSync(content);
    response.writeHead(200, { 'content-length': size, etag: ETAG });
    if (request.method === 'HEAD') return void response.end();
    return void createReadStream(content, { highWaterMark: 1024 * 1024 }).pipe(response);
  }
  request.resume();
  await new Promise((resolve) => request.once('end', resolve));
  if (request.method !== 'POST') return void response.writeHead(200, { etag: ETAG }).end();
  const result = query.has('uploads')
    ? element('InitiateMultipartUploadResult', '<UploadId>upload</UploadId>')
    : element('CompleteMultipartUploadResult', `<ETag>${ETAG}</ETag>`);
  response.writeHead(200, { 'content-type': 'application/xml' }).end(result);
});

function element(name: string, children: string): string {
  return `<?xml version="1.0"?><${name}><Bucket>b</Bucket><Key>k</Key>${children}</${name}>`;
}
