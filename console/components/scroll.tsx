import type { ReactNode } from 'react';

interface ScrollProps {
  /** What is in it, for screen readers. */
  readonly label: string;
  readonly children: ReactNode;
}

/** Holds a table that may be wider than the page: it is scrolled by itself, also by the keyboard. */
export function Scroll({ label, children }: ScrollProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls what has the focus.
    <section className="scroll" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
