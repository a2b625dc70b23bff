import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Time that several processes share and that a test moves: the real time and the milliseconds in
 * a file. Timers stay as they are.
 *
 * @returns gives this process its own time back
 */
export function shareClock(file: string): () => void {
  const RealDate = Date;
  const now = (): number => RealDate.now() + Number(readFileSync(file, 'utf8'));
  const moved = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    get: (target, property, receiver) =>
      property === 'now' ? now : Reflect.get(target, property, receiver),
  });
  globalThis.Date = moved;
  return () => {
    globalThis.Date = RealDate;
  };
}

/** Moves the time of all processes that share the clock. */
export function moveClock(file: string, milliseconds: number): void {
  writeFileSync(file, String(Number(readFileSync(file, 'utf8')) + milliseconds));
}
