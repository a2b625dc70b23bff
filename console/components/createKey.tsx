import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { NewApiKeyInfo } from '../../shared/operations/apiKeys.ts';
import { answerOf, api } from '../api.ts';
import { useHandler } from '../handler.ts';
import { Dialog } from './dialog.tsx';
import { Note } from './note.tsx';

interface CreateKeyProps {
  /** Those that are known, to choose from. A new one may be named. */
  readonly tenants: readonly string[];
}

/** Makes a key of the HTTP API, and shows it once. */
export function CreateKeyButton({ tenants }: CreateKeyProps) {
  const [isOpen, setIsOpen] = useState(false);
  const { isReadOnly } = useHandler();
  if (isReadOnly) return null;
  return (
    <>
      <button type="button" className="primary end" onClick={() => setIsOpen(true)}>
        Create a key
      </button>
      {isOpen && <CreateKeyDialog tenants={tenants} onClose={() => setIsOpen(false)} />}
    </>
  );
}

function CreateKeyDialog({
  tenants,
  onClose,
}: CreateKeyProps & {
  readonly onClose: () => void;
}) {
  const { mutate, isPending, data, error } = useMutation({
    mutationFn: (form: FormData) => answerOf(api.keys.$post({ json: askedIn(form) })),
    // It holds the key, which nothing may keep once the window is closed.
    gcTime: 0,
  });
  if (data) return <CreatedKey created={data} onClose={onClose} />;
  return (
    <Dialog title="Create a key" onClose={onClose}>
      <form
        className="fields"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isPending) mutate(new FormData(event.currentTarget));
        }}
      >
        <label className="wide">
          Name, such as its user or service
          <input name="name" required maxLength={100} />
        </label>
        <Limits tenants={tenants} />
        {error && <Note kind="problem">{error.message}</Note>}
        <div className="row">
          <button type="submit" className="primary" disabled={isPending}>
            Create
          </button>
          <button type="button" onClick={onClose}>
            Leave it
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** What the key may do. */
function Limits({ tenants }: CreateKeyProps) {
  const { providers } = useHandler();
  const [tenant, setTenant] = useState('');
  return (
    <>
      <label className="wide">
        Tenant. Its requests see and make only what belongs to it. Empty: what belongs to none
        <input
          name="tenant"
          list="tenants"
          maxLength={64}
          value={tenant}
          onChange={({ target }) => setTenant(target.value)}
        />
      </label>
      <datalist id="tenants">
        {tenants.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {tenant !== '' && (
        <label className="wide">
          Daily budget of {tenant} in US dollars, for all of its batches. Empty: as it is
          <input name="dailyBudget" type="number" min="0.01" step="0.01" />
        </label>
      )}
      {providers.length > 1 && (
        <fieldset>
          <legend>Provider entries that it may use. None chosen: all</legend>
          {providers.map((provider) => (
            <label key={provider} className="check">
              <input type="checkbox" name="providers" value={provider} />
              {provider}
            </label>
          ))}
        </fieldset>
      )}
      <label className="wide">
        Requests a minute. Empty: no limit
        <input name="requestsPerMinute" type="number" min="1" step="1" />
      </label>
      <label className="wide">
        Expires at the end of this day, UTC. Empty: never
        <input name="expires" type="date" />
      </label>
    </>
  );
}

function askedIn(form: FormData) {
  const textOf = (name: string): string | undefined => {
    const value = form.get(name);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const numberOf = (name: string): number | undefined => {
    const text = textOf(name);
    return text === undefined ? undefined : Number(text);
  };
  const providers = form.getAll('providers').map(String);
  const day = textOf('expires');
  return {
    name: textOf('name') ?? '',
    tenant: textOf('tenant'),
    providers: providers.length === 0 ? undefined : providers,
    dailyBudget: numberOf('dailyBudget'),
    requestsPerMinute: numberOf('requestsPerMinute'),
    expiresAt: day === undefined ? undefined : `${day}T23:59:59Z`,
  };
}

function CreatedKey({
  created: { key, keyId, name },
  onClose,
}: {
  readonly created: NewApiKeyInfo;
  readonly onClose: () => void;
}) {
  const [isCopied, setIsCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(key);
    setIsCopied(true);
  };
  return (
    <Dialog title={`The key ${name}`} onClose={onClose}>
      <Note kind="info">
        Copy it now: it is not shown again. The handler keeps only a hash of it. Whoever has it can
        add batches that you pay for.
      </Note>
      <div className="command">
        <input readOnly value={key} aria-label="Key" />
        <button type="button" onClick={copy}>
          {isCopied ? 'Copied' : 'Copy the key'}
        </button>
      </div>
      <p className="dim">
        Its id is <code>{keyId}</code>.
      </p>
      <div className="row">
        <button type="button" className="primary" onClick={onClose}>
          I have stored it
        </button>
      </div>
    </Dialog>
  );
}
