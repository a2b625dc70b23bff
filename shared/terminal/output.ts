/** Where text goes: a terminal, a pipe or a file. */
export interface Output {
  readonly isTTY?: boolean | undefined;
  /** Of a terminal. */
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  /** False, as streams say it, if it has no room for more. */
  write(chunk: string | Uint8Array): unknown;
  /** Tells when there is room again. */
  once?(event: 'drain', listener: () => void): unknown;
}
