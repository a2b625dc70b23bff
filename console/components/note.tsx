import type { ReactNode } from 'react';

interface NoteProps {
  /** `problem`: somebody must act. */
  readonly kind: 'info' | 'problem';
  readonly children: ReactNode;
}

/** A sentence that stands out. Of a problem, screen readers tell at once. */
export function Note({ kind, children }: NoteProps) {
  return (
    <div className={`note ${kind}`} role={kind === 'problem' ? 'alert' : undefined}>
      {children}
    </div>
  );
}
