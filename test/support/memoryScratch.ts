import type { Scratch } from '../../shared/batch/ports.ts';

/** Local disk in memory. */
export function memoryScratch(): Scratch {
  return {
    async create() {
      let content = Buffer.alloc(0);
      return {
        path: 'memory',
        get bytes() {
          return content.length;
        },
        async write(chunk) {
          content = Buffer.concat([content, chunk]);
        },
        async read(offset, length) {
          return content.subarray(offset, offset + length);
        },
        async remove() {},
      };
    },
  };
}
