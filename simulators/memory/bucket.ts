import { createHash } from 'node:crypto';
import { refusal } from '../../shared/batch/errors.ts';
import type { ByteRange, ObjectStore, ObjectWriter } from '../../shared/batch/ports.ts';
import { callAtOnce, type MakeCall } from './calls.ts';

/** The handler's bucket. Objects appear whole or not at all. */
export class MemoryBucket {
  readonly name: string;
  readonly objects = new Map<string, Buffer>();

  /** What the keys of the handler's objects begin with. */
  readonly prefix: string;

  constructor(name = 'test-bucket', prefix = '') {
    this.name = name;
    this.prefix = prefix;
  }

  /**
   * The content of an object as text.
   *
   * @throws Error if there is no such object
   */
  text(key: string): string {
    return this.content(key).toString();
  }

  content(key: string, range?: ByteRange): Buffer {
    const content = this.objects.get(key);
    if (content) return content.subarray(range?.start ?? 0, range?.end);
    throw new Error(`there is no object ${key}`);
  }

  /** @param transfer makes the calls that move bytes. Default: `call` */
  store(call: MakeCall = callAtOnce, transfer: MakeCall = call): ObjectStore {
    const { name, prefix, objects } = this;
    return {
      bucket: name,
      prefix,
      head: ({ bucket, key }) =>
        call(`head ${key}`, () => {
          if (bucket !== name) throw refusal('no_such_file', `bucket ${bucket} may not be read`);
          const content = objects.get(key);
          return content && { bytes: content.length, etag: etagOf(content) };
        }),
      copy: (source, key) =>
        transfer(`copy ${source.key}`, () => {
          const content = source.bucket === name ? objects.get(source.key) : undefined;
          if (!content || etagOf(content) !== source.etag)
            throw refusal('no_such_file', `${source.key} has changed`);
          objects.set(prefix + key, content);
        }),
      read: (key, range) => this.#read(prefix + key, range),
      writer: (key) => this.#writer(prefix + key, transfer),
      remove: (key) => call(`remove ${key}`, () => void objects.delete(prefix + key)),
    };
  }

  async *#read(key: string, range: ByteRange | undefined): AsyncIterable<Uint8Array> {
    yield this.content(key, range);
  }

  #writer(key: string, transfer: MakeCall): ObjectWriter {
    const chunks: Uint8Array[] = [];
    return {
      async write(chunk) {
        chunks.push(Buffer.from(chunk));
      },
      close: () =>
        transfer(`write ${key}`, () => {
          const content = Buffer.concat(chunks);
          this.objects.set(key, content);
          return { etag: etagOf(content) };
        }),
      async abort() {},
    };
  }
}

function etagOf(content: Buffer): string {
  return createHash('md5').update(content).digest('hex');
}
