/** Calls a function at once, and then at most once in so many milliseconds, with the last call not lost. */
export function throttled(milliseconds: number, call: () => void): () => void {
  let isWaiting = false;
  let isDue = false;
  return function run(): void {
    if (isWaiting) {
      isDue = true;
      return;
    }
    call();
    isWaiting = true;
    isDue = false;
    setTimeout(() => {
      isWaiting = false;
      if (isDue) run();
    }, milliseconds).unref();
  };
}
