import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Dialog } from './dialog.tsx';
import { Note } from './note.tsx';

interface ConfirmProps {
  readonly title: string;
  /** What is done, and what it costs. */
  readonly children: ReactNode;
  /** What the button says. */
  readonly action: string;
  readonly isDangerous?: boolean;
  /** What is said while it is being done, such as what is waited for. */
  readonly pending: string;
  /** Its error is shown, and the window stays open. */
  readonly onConfirm: () => Promise<unknown>;
  readonly onClose: () => void;
}

/** Asks before something is changed, and is closed once it is done. */
export function Confirm({
  title,
  children,
  action,
  isDangerous = false,
  pending,
  onConfirm,
  onClose,
}: ConfirmProps) {
  const { mutate, isPending, error } = useMutation({ mutationFn: onConfirm, onSuccess: onClose });
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!isPending) mutate();
        }}
      >
        {children}
        {error && <Note kind="problem">{error.message}</Note>}
        <p role="status" className="dim">
          {isPending && pending}
        </p>
        <div className="row">
          <button type="submit" className={isDangerous ? 'danger' : 'primary'} disabled={isPending}>
            {action}
          </button>
          <button type="button" onClick={onClose}>
            {isPending ? 'Close' : 'Leave it'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
