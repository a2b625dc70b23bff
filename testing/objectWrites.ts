import { RefusedError } from '../shared/batch/errors.ts';
import type { ObjectStore } from '../shared/batch/ports.ts';
import { type Duty, type Given, same, thrownBy } from './contract.ts';
import {
  bytesOf,
  digestOf,
  etagOf,
  headOf,
  MB,
  ODD_KEYS,
  readAll,
  textOf,
  write,
} from './objects.ts';

export const writeDuties: readonly Duty<Given<ObjectStore>>[] = [
  {
    method: 'writer',
    does: 'lets an object appear with close, and not before',
    async check({ first, other }) {
      const writer = first.writer('k');
      await writer.write(bytesOf(9 * MB));
      same('the head before close', await headOf(other, 'k'), undefined);
      await writer.write(Buffer.from('end'));
      const { etag } = await writer.close();
      same('the head', await headOf(other, 'k'), { bytes: 9 * MB + 3, etag });
    },
  },
  {
    method: 'writer',
    does: 'keeps the object before until close replaces it whole',
    async check({ first, other }) {
      await write(first, 'k', 'the old one, which is longer');
      const writer = first.writer('k');
      await writer.write(Buffer.from('new'));
      same('the object before close', await textOf(other, 'k'), 'the old one, which is longer');
      await writer.close();
      same('the object after close', await textOf(other, 'k'), 'new');
    },
  },
  {
    method: 'writer',
    does: 'takes chunks of any size, which the caller uses again',
    async check({ first }) {
      const bytes = bytesOf(20 * MB + 5);
      const writer = first.writer('k');
      const chunk = Buffer.alloc(5 * MB);
      for (let offset = 0, size = 1; offset < bytes.length; ) {
        const length = bytes.copy(chunk, 0, offset, offset + size);
        await writer.write(chunk.subarray(0, length));
        chunk.fill(0, 0, length);
        offset += length;
        size = (size * 7) % 5_000_011;
      }
      await writer.close();
      same('what was read', digestOf(await readAll(first.read('k'))), digestOf(bytes));
    },
  },
  {
    method: 'writer.abort',
    does: 'leaves nothing of what was written, whatever its size, and can be repeated',
    async check({ first, other }) {
      for (const size of [0, 3, 8 * MB + 1, 17 * MB]) {
        const writer = first.writer(`size-${size}`);
        await writer.write(bytesOf(size));
        await writer.abort();
        await writer.abort();
        same(`the head after ${size} bytes`, await headOf(other, `size-${size}`), undefined);
      }
      await first.writer('untouched').abort();
      same('the head of an untouched writer', await headOf(other, 'untouched'), undefined);
    },
  },
  {
    method: 'writer.abort',
    does: 'leaves the object before as it was',
    async check({ first, other }) {
      await write(first, 'k', 'old');
      const writer = first.writer('k');
      await writer.write(Buffer.from('new'));
      await writer.abort();
      same('the object', await textOf(other, 'k'), 'old');
    },
  },
  {
    method: 'writer.close',
    does: 'of two writers of a key leaves one of the two objects whole',
    async check({ first, other }) {
      const contents = [bytesOf(9 * MB), Buffer.alloc(10 * MB, 'b')];
      await Promise.all(contents.map((bytes, index) => write(index ? first : other, 'k', bytes)));
      const read = digestOf(await readAll(first.read('k')));
      same('whether it is one of the two', contents.map(digestOf).includes(read), true);
    },
  },
  {
    method: 'writer',
    does: 'keeps objects with odd keys apart, within the store',
    async check({ first, other }) {
      for (const key of ODD_KEYS) await write(first, key, `content of ${key}`);
      for (const key of ODD_KEYS)
        same(`the object ${key}`, await textOf(other, key), `content of ${key}`);
    },
  },
];

/** Keys that are not the paths they look like, or are too long for one. */
const PATH_LIKE_KEYS = [
  ...['a/b', 'a//b', 'a/./b', 'a/c/../b', '/a/b', 'a/b/', '../outside', '.', '..', 'a\\b'],
  ...[`x/${'y'.repeat(298)}`, 'z'.repeat(1_024), `${'a/'.repeat(511)}b`],
];

export const pathLikeKeyDuty: Duty<Given<ObjectStore>> = {
  method: 'writer',
  does: 'keeps objects with keys like paths apart, within the store, with keys of up to 1,024 bytes',
  async check({ first, other }) {
    for (const key of PATH_LIKE_KEYS) await write(first, key, `content of ${key}`);
    for (const key of PATH_LIKE_KEYS)
      same(`the object ${key}`, await textOf(other, key), `content of ${key}`);
  },
};

/** A store may have no `remove`. */
export const removeDuty: Duty<Given<ObjectStore>> = {
  method: 'remove',
  does: 'if there is one, deletes one object, at once on every connection, and can be repeated',
  async check({ first, other }) {
    if (!first.remove) return;
    for (const key of ODD_KEYS) await write(first, key, `content of ${key}`);
    const [gone = '', ...kept] = ODD_KEYS;
    await first.remove(gone);
    same(`the head of ${gone}`, await headOf(other, gone), undefined);
    await first.remove(gone);
    await first.remove('never/there');
    for (const key of kept)
      same(`the object ${key}`, await textOf(other, key), `content of ${key}`);
    await write(other, gone, 'new');
    same(`the object ${gone} once written again`, await textOf(first, gone), 'new');
  },
};

export const copyDuties: readonly Duty<Given<ObjectStore>>[] = [
  {
    method: 'copy',
    does: 'copies an object, whatever its key',
    async check({ first, other }) {
      for (const [index, key] of ODD_KEYS.entries()) {
        const { etag } = await write(first, key, `content ${index}`);
        await first.copy({ bucket: first.bucket, key, etag }, `copies/${index}`);
        same(`the copy of ${key}`, await textOf(other, `copies/${index}`), `content ${index}`);
      }
    },
  },
  {
    method: 'copy',
    does: 'makes an object of its own, which the source no longer changes',
    async check({ first }) {
      const { etag } = await write(first, 'source', 'one');
      await first.copy({ bucket: first.bucket, key: 'source', etag }, 'copy');
      await write(first, 'source', 'two');
      await write(first, 'copy', 'three');
      same('the source', await textOf(first, 'source'), 'two');
      same('the copy', await textOf(first, 'copy'), 'three');
    },
  },
  {
    method: 'copy',
    does: 'refuses a source that has changed or is gone, and leaves the target as it was',
    async check({ first, other }) {
      const { etag } = await write(first, 'source', 'one');
      await write(other, 'source', 'two');
      const source = { bucket: first.bucket, key: 'source', etag };
      await thrownBy('a changed source', () => first.copy(source, 'copy'), RefusedError);
      const gone = { ...source, key: 'gone' };
      await thrownBy('a source that is gone', () => first.copy(gone, 'copy'), RefusedError);
      same('the target', await headOf(other, 'copy'), undefined);
      await write(first, 'copy', 'kept');
      await thrownBy('a changed source', () => first.copy(source, 'copy'), RefusedError);
      same('the target that was there', await textOf(other, 'copy'), 'kept');
    },
  },
  {
    method: 'copy',
    does: 'copies a large object whole',
    async check({ first }) {
      const bytes = bytesOf(12 * MB - 3);
      const { etag } = await write(first, 'source', bytes);
      same('the ETag by head', await etagOf(first, 'source'), etag);
      await first.copy({ bucket: first.bucket, key: 'source', etag }, 'copy');
      same('the copy', digestOf(await readAll(first.read('copy'))), digestOf(bytes));
    },
  },
];
