/** A file of translated requests on disk. */
export interface InputFile {
  readonly path: string;
  readonly bytes: number;
}

/** A column of BigQuery. */
export interface Column {
  readonly name: string;
  readonly type: 'STRING' | 'JSON';
}

/** Where jobs find their input and leave their output. Errors are not classified. */
export interface Store {
  readonly type: 'gcs' | 'bigquery';
  /** Puts a submission's input where its job will look for it. Harmless to repeat. */
  upload(key: string, file: InputFile, columns: readonly Column[]): Promise<void>;
  /** Throws ProviderError if a job of this key would find output where its own belongs. */
  checkOutput(key: string): Promise<void>;
  /** `inputConfig` and `outputConfig` of a job. */
  configOf(key: string): object;
  /**
   * Deletes the input of a submission; what is not there needs no deleting.
   *
   * @param since one that is older stays; milliseconds since 1970
   */
  deleteInput(key: string, since: number): Promise<void>;
}
