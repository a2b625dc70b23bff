import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** File systems allow 255 bytes for a name. */
const MAX_NAME_LENGTH = 200;
/** macOS allows 1,024 bytes for a path, with the directory of the handler. */
const MAX_PATH_LENGTH = 600;

/**
 * The path of the file that holds an object, relative to the directory of the objects. Other keys have other
 * paths, also on file systems that ignore case, and no path leaves the directory: all but small letters,
 * digits, `-`, `_` and `.` is percent-encoded. Only the names of files have a `.`, so that `a` and `a/b` can
 * both be objects. A key whose path would be too long is replaced by its hash.
 */
export function objectPath(key: string): string {
  const names = key.split('/');
  const path = names.map((name, depth) =>
    depth === names.length - 1 ? fileName(name) : directoryName(name),
  );
  const isTooLong =
    path.some(({ length }) => length > MAX_NAME_LENGTH) || path.join('/').length > MAX_PATH_LENGTH;
  if (!isTooLong) return join(...path);
  return join('%long', fileName(createHash('sha256').update(key).digest('hex')));
}

function directoryName(name: string): string {
  return encoded(name).replaceAll('.', '%2e') || '%';
}

/** `%.` stands at the end of a name without a dot, and `%` before one that begins with a dot. */
function fileName(name: string): string {
  const text = encoded(name);
  if (text.startsWith('.')) return `%${text}`;
  return text.includes('.') && !text.endsWith('.') ? text : `${text}%.%`;
}

function encoded(name: string): string {
  return [...Buffer.from(name)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      if (/[a-z0-9._-]/.test(character)) return character;
      return `%${byte.toString(16).padStart(2, '0')}`;
    })
    .join('');
}
