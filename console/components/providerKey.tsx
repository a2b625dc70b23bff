import { useMutation } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { answerOf, api } from '../api.ts';
import { useHandler } from '../handler.ts';
import { Dialog } from './dialog.tsx';
import { Note } from './note.tsx';

interface ProviderKeyProps {
  readonly provider: string;
}

/** Puts a new key of a provider entry into its secret. */
export function ProviderKeyButton({ provider }: ProviderKeyProps) {
  const [isOpen, setIsOpen] = useState(false);
  const { isReadOnly } = useHandler();
  if (isReadOnly) return null;
  return (
    <>
      <button type="button" onClick={() => setIsOpen(true)}>
        New key for {provider}
      </button>
      {isOpen && <KeyDialog provider={provider} onClose={() => setIsOpen(false)} />}
    </>
  );
}

function KeyDialog({
  provider,
  onClose,
}: ProviderKeyProps & {
  readonly onClose: () => void;
}) {
  // The key is in this field alone, and nowhere once it is sent.
  const field = useRef<HTMLInputElement>(null);
  const { mutate, isPending, data, error } = useMutation({
    mutationFn() {
      const key = field.current?.value ?? '';
      if (field.current) field.current.value = '';
      return answerOf(api.providers[':provider'].key.$put({ param: { provider }, json: { key } }));
    },
  });
  return (
    <Dialog title={`New key for ${provider}`} onClose={onClose}>
      <form
        autoComplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isPending) mutate();
        }}
      >
        {!data && (
          <>
            <p>
              The key is put into the secret of {provider} in place of the present one, and shown
              nowhere. Then {provider} is resumed, unless somebody has paused it: waiting batches
              start, and cost what their requests cost. The functions use the old key for up to a
              minute more.
            </p>
            <label className="wide">
              Key, or the JSON of a service account
              <input ref={field} type="password" autoComplete="off" spellCheck={false} required />
            </label>
          </>
        )}
        {error && <Note kind="problem">{error.message}</Note>}
        <p role="status">
          {isPending && 'Waiting until it is stored and the handler has carried out the resume.'}
          {data &&
            (data.isResumed
              ? `The key is stored, and ${provider} is resumed: the next sweep starts waiting batches.`
              : `The key is stored. ${provider} stays paused until you resume it.`)}
        </p>
        <div className="row">
          {!data && (
            <button type="submit" className="primary" disabled={isPending}>
              Store the key
            </button>
          )}
          <button type="button" onClick={onClose}>
            {data || isPending ? 'Close' : 'Leave it'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
