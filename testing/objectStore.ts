import { RefusedError } from '../shared/batch/errors.ts';
import type { ObjectStore } from '../shared/batch/ports.ts';
import {
  type ContractCase,
  casesOf,
  type Duty,
  type Given,
  type Subject,
  same,
  thrownBy,
} from './contract.ts';
import { constantMemoryDuty } from './memoryUse.ts';
import { bytesOf, digestOf, headOf, MB, readAll, write } from './objects.ts';
import { copyDuties, pathLikeKeyDuty, removeDuty, writeDuties } from './objectWrites.ts';

export interface ObjectStoreSubject extends Subject<ObjectStore> {
  /** Whether objects live in this process: the case of constant memory is left out. Default: false. */
  readonly isInMemory?: boolean;
}

/** The contract of the bucket and its writers. */
export function objectStoreContract(subject: ObjectStoreSubject): ContractCase[] {
  const written = [...writeDuties, pathLikeKeyDuty, ...copyDuties, removeDuty];
  const memory = subject.isInMemory ? [] : [constantMemoryDuty];
  return casesOf('ObjectStore', subject, [...headDuties, ...readDuties, ...written, ...memory]);
}

const headDuties: readonly Duty<Given<ObjectStore>>[] = [
  {
    method: 'head',
    does: 'returns the size and the ETag of the last close, at once on every connection',
    async check({ first, other }) {
      same('the head of no object', await headOf(first, 'k'), undefined);
      for (const text of ['abc', '', 'ab']) {
        const { etag } = await write(first, 'k', text);
        const bytes = text.length;
        same(`the head after writing "${text}"`, await headOf(other, 'k'), { bytes, etag });
      }
    },
  },
  {
    method: 'head',
    does: 'returns an ETag that changes with the content',
    async check({ first }) {
      const etags = new Set<string>();
      for (const text of ['one', 'two', '']) etags.add((await write(first, 'k', text)).etag);
      same('the number of ETags of three contents', etags.size, 3);
      same('whether one is empty', etags.has(''), false);
    },
  },
  {
    method: 'head',
    does: 'refuses a bucket that it must not read',
    async check({ first }) {
      const other = { bucket: 'a-bucket-of-somebody-else', key: 'k' };
      await thrownBy('head', () => first.head(other), RefusedError);
      const copy = () => first.copy({ ...other, etag: '"e"' }, 'copy');
      await thrownBy('copy', copy, RefusedError);
      same('the target', await headOf(first, 'copy'), undefined);
    },
  },
];

const readDuties: readonly Duty<Given<ObjectStore>>[] = [
  {
    method: 'read',
    does: 'returns all bytes of small, empty and large objects',
    async check({ first, other }) {
      for (const size of [0, 1, 3, 65_536, 3 * MB + 1]) {
        const bytes = bytesOf(size);
        await write(first, `size-${size}`, bytes);
        const read = await readAll(other.read(`size-${size}`));
        same('what was read', digestOf(read), digestOf(bytes));
      }
    },
  },
  {
    method: 'read',
    does: 'returns a range, with its start and without its end',
    async check({ first }) {
      const bytes = bytesOf(MB);
      await write(first, 'k', bytes);
      const ranges = [
        ...[
          { start: 0, end: 1 },
          { start: 0, end: MB },
          { start: MB - 1, end: MB },
        ],
        ...[
          { start: 65_535, end: 65_537 },
          { start: 5, end: 700_001 },
        ],
      ];
      for (const range of ranges) {
        const read = await readAll(first.read('k', range));
        const expected = bytes.subarray(range.start, range.end);
        same(`bytes ${range.start} to ${range.end}`, digestOf(read), digestOf(expected));
      }
    },
  },
  {
    method: 'read',
    does: 'throws for an object that is not there',
    async check({ first }) {
      await thrownBy('read', () => readAll(first.read('none')), Error);
      const range = { start: 0, end: 1 };
      await thrownBy('read of a range', () => readAll(first.read('none', range)), Error);
    },
  },
  {
    method: 'read',
    does: 'can be left in the middle, and read again',
    async check({ first }) {
      const bytes = bytesOf(2 * MB);
      await write(first, 'k', bytes);
      for await (const chunk of first.read('k')) {
        same('whether the first chunk has bytes', chunk.length > 0, true);
        break;
      }
      same('what was read', digestOf(await readAll(first.read('k'))), digestOf(bytes));
    },
  },
  {
    method: 'read',
    does: 'never mixes an object with the one that replaces it: it returns the old one or throws',
    async check({ first, other }) {
      const old = Buffer.alloc(6 * MB, 'a');
      await write(first, 'k', old);
      const chunks: Uint8Array[] = [];
      let failure: unknown;
      try {
        for await (const chunk of first.read('k')) {
          if (chunks.length === 0) await write(other, 'k', Buffer.alloc(6 * MB, 'b'));
          chunks.push(Buffer.from(chunk));
        }
      } catch (error) {
        failure = error;
      }
      const read = Buffer.concat(chunks);
      same('the place of a byte of the new object', read.indexOf('b'), -1);
      if (failure === undefined) same('what was read', digestOf(read), digestOf(old));
    },
  },
];
