/** Bytes from `start` to before `end`: at least one. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface ObjectRef {
  readonly bucket: string;
  readonly key: string;
}

/** The bucket of the handler, and reading from the buckets named at deploy time. */
export interface ObjectStore {
  readonly bucket: string;
  /** Size in bytes and ETag; undefined if there is no such object. Throws RefusedError if it may not be read. */
  head(object: ObjectRef): Promise<{ bytes: number; etag: string } | undefined>;
  /** Copies into the handler's bucket. Throws RefusedError when the source is gone or has changed. */
  copy(source: ObjectRef & { etag: string }, key: string): Promise<void>;
  /**
   * Streams an object of the handler's bucket, or its bytes from `start` to before `end`. A
   * connection that breaks throws: never a silent end.
   */
  read(key: string, range?: ByteRange): AsyncIterable<Uint8Array>;
  /** Writes in parts, in constant memory. The object appears whole with `close`, or not at all. */
  writer(key: string): ObjectWriter;
}

export interface ObjectWriter {
  /** Resolves when there is room for more, and the chunk may be used again. */
  write(chunk: Uint8Array): Promise<void>;
  /** Finishes the object and gives its ETag. */
  close(): Promise<{ etag: string }>;
  /** Leaves nothing behind. Safe after a failed write or close. */
  abort(): Promise<void>;
}

/** A file on local disk, for what must be read twice or at random. */
export interface ScratchFile {
  readonly path: string;
  /** Bytes written so far. */
  readonly bytes: number;
  /** Resolves when the chunk is written, and may be used again. */
  write(chunk: Uint8Array): Promise<void>;
  /** Bytes from `offset`, also of what was just written. */
  read(offset: number, length: number): Promise<Uint8Array>;
  remove(): Promise<void>;
}
export interface Scratch {
  create(): Promise<ScratchFile>;
}
