import { useEffect, useState, useSyncExternalStore } from 'react';
import type { FileDescription, UploadInfo } from '../shared/console/uploads.ts';
import { ApiError, answerOf, api } from './api.ts';

/** A file that this page copies to the server, or has tried to. */
export interface Copy {
  readonly id: number;
  readonly name: string;
  readonly bytes: number;
  /** Absent until the server has taken it on. */
  readonly uploadId?: string;
  /** Bytes that are at the server. */
  readonly sent: number;
  readonly bytesPerSecond?: number | undefined;
  /**
   * `comparing`: what the server has of it is compared with the file. `stopped`: `message` says why. `done`
   * is kept only for its message.
   */
  readonly state: 'comparing' | 'copying' | 'stopped' | 'done';
  readonly message?: string | undefined;
}

interface Running {
  copy: Copy;
  readonly file: File;
  readonly expected: FileDescription | undefined;
  control: AbortController;
}

/** What the page copies, whichever of its screens is shown. */
class Copies {
  readonly #running = new Map<number, Running>();
  readonly #listeners = new Set<() => void>();
  #last = 0;
  #shown: readonly Copy[] = [];

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly list = (): readonly Copy[] => this.#shown;

  /**
   * Copies a file, or the rest of one.
   *
   * @param expected the file that somebody was asked for
   * @returns the upload; undefined if it was not begun
   */
  start(file: File, expected?: FileDescription): Promise<string | undefined> {
    this.#last += 1;
    const { name, size: bytes } = file;
    const copy: Copy = { id: this.#last, name, bytes, sent: 0, state: 'comparing' };
    this.#running.set(copy.id, { copy, file, expected, control: new AbortController() });
    return this.#run(copy.id);
  }

  /** Copies the rest of a file that this page still has. */
  async goOn(id: number): Promise<void> {
    const running = this.#running.get(id);
    if (!running) return;
    running.control = new AbortController();
    await this.#run(id);
  }

  /** Stops it, if it goes on, and says no more of it. */
  forget(id: number): void {
    this.#running.get(id)?.control.abort();
    this.#running.delete(id);
    this.#tell();
  }

  async #run(id: number): Promise<string | undefined> {
    const running = this.#running.get(id);
    if (!running) return undefined;
    const { file, expected, control } = running;
    const change = (changes: Partial<Copy>): void => {
      running.copy = { ...running.copy, ...changes };
      this.#tell();
    };
    change({ state: 'comparing', message: undefined, bytesPerSecond: undefined });
    try {
      const { upload, message = differenceText(file, expected) } = await begin(file);
      change({ uploadId: upload.id, sent: upload.received, message });
      if (upload.received < file.size) await this.#copyRest(running, upload, change);
      if (message === undefined) this.#running.delete(id);
      change({ state: 'done' });
    } catch (error) {
      if (control.signal.aborted) return undefined;
      change({ state: 'stopped', message: error instanceof Error ? error.message : String(error) });
    }
    return running.copy.uploadId;
  }

  /** Holds a lock of the browser meanwhile, by which its other windows know that this one copies. */
  async #copyRest(
    { file, control: { signal } }: Running,
    { id }: BegunUpload,
    change: (changes: Partial<Copy>) => void,
  ): Promise<void> {
    if (await isCopied(id)) throw new Error('Another window of this browser copies it.');
    await navigator.locks.request(lockOf(id), { signal }, async () => {
      const { uploads, maxPieceBytes } = await answerOf(api.uploads.$get());
      const begun = uploads.find((upload) => upload.id === id)?.received ?? 0;
      const startedAt = performance.now();
      for (let sent = begun; sent < file.size; ) {
        signal.throwIfAborted();
        change({ state: 'copying', sent });
        sent = await sendPiece(id, file, { start: sent, end: sent + maxPieceBytes }, signal);
        const seconds = (performance.now() - startedAt) / 1_000;
        change({ sent, bytesPerSecond: (sent - begun) / seconds });
      }
    });
  }

  #tell(): void {
    this.#shown = [...this.#running.values()].map(({ copy }) => copy);
    for (const listener of this.#listeners) listener();
  }
}

type BegunUpload = Pick<UploadInfo, 'id' | 'received'>;

export const copies = new Copies();

export function useCopies(): readonly Copy[] {
  return useSyncExternalStore(copies.subscribe, copies.list);
}

function lockOf(uploadId: string): string {
  return `upload ${uploadId}`;
}

/**
 * Sends a piece as a part of the file, which the browser reads by itself: through the page's memory it
 * would take three times as long.
 *
 * @returns how many bytes of the file are at the server now
 */
async function sendPiece(
  id: string,
  file: File,
  { start, end }: { readonly start: number; readonly end: number },
  signal: AbortSignal,
): Promise<number> {
  const place = { param: { id }, query: { offset: String(start) } };
  const init = { body: file.slice(start, end), signal };
  try {
    return (await answerOf(api.uploads[':id'].$put(place, { init }))).received;
  } catch (error) {
    // The browser does not say whether the server is gone, or the file.
    await bytesOf(file, start, start + 1);
    throw error;
  }
}

/** Whether a window of this browser copies it. */
async function isCopied(uploadId: string): Promise<boolean> {
  const { held = [] } = await navigator.locks.query();
  return held.some(({ name, mode }) => name === lockOf(uploadId) && mode === 'exclusive');
}

/** Finds what the server has of a file, or begins anew if that is another file's. */
async function begin(file: File): Promise<{ upload: BegunUpload; message?: string }> {
  const { name, size: bytes, lastModified } = file;
  const json = { name, bytes, lastModified };
  const { upload, wasHere } = await answerOf(api.uploads.$post({ json }));
  if (!wasHere) return { upload };
  if (await isBeginning(file, upload.id)) {
    if (upload.received < bytes) return { upload };
    return { upload, message: 'This file is here already: nothing was copied.' };
  }
  const begun = await answerOf(api.uploads.$post({ json: { ...json, isAnother: true } }));
  const message =
    'What was here of a file of this name, size and time has another content: it was copied anew.';
  return { upload: begun.upload, message };
}

function differenceText(
  { name, size, lastModified }: File,
  expected: FileDescription | undefined,
): string | undefined {
  if (expected === undefined) return undefined;
  const differs = [
    ...(name === expected.name ? [] : ['name']),
    ...(size === expected.bytes ? [] : ['size']),
    ...(lastModified === expected.lastModified ? [] : ['time of its last change']),
  ];
  if (differs.length === 0) return undefined;
  return `This is not the file that was begun, because another ${differs.join(' and ')} is its own: it was copied from the start.`;
}

/** Whether the file begins with what the server has, by the hashes of its pieces. */
async function isBeginning(file: File, id: string): Promise<boolean> {
  const { pieces } = await answerOf(api.uploads[':id'].pieces.$get({ param: { id } }));
  let start = 0;
  for (const { end, sha256 } of pieces) {
    const hash = await crypto.subtle.digest('SHA-256', await bytesOf(file, start, end));
    if (hexOf(hash) !== sha256) return false;
    start = end;
  }
  return true;
}

/** @throws ApiError if the browser can read the file no more, because it has changed or is gone */
async function bytesOf(file: File, start: number, end: number): Promise<ArrayBuffer> {
  try {
    return await file.slice(start, end).arrayBuffer();
  } catch {
    throw new ApiError(0, {
      code: 'unreadable_file',
      message: `${file.name} has changed since it was chosen, or cannot be read: choose it again once it is complete.`,
    });
  }
}

function hexOf(bytes: ArrayBuffer): string {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Whether a window of this browser copies the file now. Undefined until that is known. */
export function useIsCopied({ id, received }: UploadInfo): boolean | undefined {
  const [isBusy, setIsBusy] = useState<boolean>();
  // With every piece that comes, somebody may have begun to copy it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  useEffect(() => {
    const control = new AbortController();
    const { signal } = control;
    const look = async (): Promise<void> => {
      const isBusyNow = await isCopied(id);
      if (signal.aborted) return;
      setIsBusy(isBusyNow);
      // Granted once nobody copies it any more.
      await navigator.locks.request(lockOf(id), { mode: 'shared', signal }, () => setIsBusy(false));
    };
    look().catch(() => {});
    return () => control.abort();
  }, [id, received]);
  return isBusy;
}
