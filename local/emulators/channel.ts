/** Called by the script of a service process when it takes requests. */
export function announceReady(message: object): void {
  process.send?.(message);
}

/** Ends this process with its parent, and not with the ^C that the parent answers first. */
export function endWithParent(close: () => Promise<void>): void {
  process.on('SIGINT', () => {});
  process.once('disconnect', () => {
    close().finally(() => process.exit(0));
    // Whatever hangs in closing: a process without a parent must not stay.
    setTimeout(() => process.exit(1), 2_000).unref();
  });
}
