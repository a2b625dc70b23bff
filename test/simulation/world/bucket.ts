import { RefusedError } from '../../../shared/batch/errors.ts';
import type { ObjectStore, Scratch } from '../../../shared/batch/ports.ts';
import type { Process } from '../process.ts';
import { retried } from './table.ts';

const BUCKET = 'bucket';
const SHAPE = { timeoutMs: 60_000, usualMs: 50, slowMs: 90_000 };

/** The bucket: objects appear whole or not at all, and reading one may break half way. */
export class Bucket {
  readonly objects = new Map<string, Buffer>();

  text(key: string): string {
    const content = this.objects.get(key);
    if (!content) throw new Error(`there is no object ${key}`);
    return content.toString();
  }

  store(process: Process): ObjectStore {
    const { objects } = this;
    return {
      bucket: BUCKET,
      head: ({ key }) =>
        retried(() =>
          process.call(`head ${key}`, () => {
            const content = objects.get(key);
            return content && { bytes: content.length, etag: String(content.length) };
          }),
        ),
      copy: (source, target) =>
        retried(() =>
          process.call(
            `copy ${source.key}`,
            () => {
              const content = objects.get(source.key);
              if (!content) throw new RefusedError({ code: 'no_such_file', message: source.key });
              objects.set(target, content);
            },
            SHAPE,
          ),
        ),
      async *read(key, range) {
        const whole = await retried(() => process.call(`read ${key}`, () => objects.get(key)));
        if (!whole) throw new Error(`there is no object ${key}`);
        const content = whole.subarray(range?.start ?? 0, range?.end);
        const half = content.length >> 1;
        yield content.subarray(0, half);
        yield await process.call(`read on ${key}`, () => content.subarray(half), SHAPE);
      },
      writer(key) {
        const chunks: Uint8Array[] = [];
        return {
          async write(chunk) {
            chunks.push(Buffer.from(chunk));
          },
          close: () =>
            retried(() =>
              process.call(
                `write ${key}`,
                () => {
                  const content = Buffer.concat(chunks);
                  objects.set(key, content);
                  return { etag: String(content.length) };
                },
                SHAPE,
              ),
            ),
          async abort() {},
        };
      },
    };
  }
}

/** Local disk: it dies with its process, and nothing else goes wrong with it here. */
export const disk: Scratch = {
  async create() {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    return {
      path: 'disk',
      get bytes() {
        return bytes;
      },
      async write(chunk) {
        chunks.push(Buffer.from(chunk));
        bytes += chunk.length;
      },
      async read(offset, length) {
        return Buffer.concat(chunks).subarray(offset, offset + length);
      },
      async remove() {},
    };
  },
};
