import { useState } from 'react';
import type { TenantsInfo } from '../../shared/console/tenants.ts';
import type { ApiKeyInfo } from '../../shared/operations/apiKeys.ts';
import { answerOf, api } from '../api.ts';
import { countText } from '../format.ts';
import { useHandler } from '../handler.ts';
import { Confirm } from './confirm.tsx';
import { CreateKeyButton } from './createKey.tsx';
import { Scroll } from './scroll.tsx';
import { Ago } from './time.tsx';

/** `*`: of all tenants. Empty: of none. */
type Choice = string;
const ALL: Choice = '*';

/** Why the table would be empty. */
function noKeyText(keys: number, isFiltered: boolean): string {
  if (keys === 0) return 'There is no key yet.';
  return isFiltered ? 'This tenant has no such key.' : 'No key is active.';
}

/** The keys of the HTTP API. */
export function ApiKeys({ info }: { readonly info: TenantsInfo }) {
  const { keys, tenants, hasMoreKeys } = info;
  const [tenant, setTenant] = useState<Choice>(ALL);
  const [isWithEnded, setIsWithEnded] = useState(false);
  const { isReadOnly } = useHandler();
  const shown = keys.filter(
    (key) =>
      (isWithEnded || key.state === 'active') && (tenant === ALL || (key.tenant ?? '') === tenant),
  );
  const ended = keys.filter(({ state }) => state !== 'active').length;
  return (
    <section aria-labelledby="keys">
      <div className="row">
        <h2 id="keys">Keys of the HTTP API</h2>
        <label>
          Tenant
          <select value={tenant} onChange={({ target }) => setTenant(target.value)}>
            <option value={ALL}>all</option>
            <option value="">none</option>
            {tenants.map(({ tenant: name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        {ended > 0 && (
          <label className="check">
            <input
              type="checkbox"
              checked={isWithEnded}
              onChange={({ target }) => setIsWithEnded(target.checked)}
            />
            Revoked and expired ({countText(ended)})
          </label>
        )}
        <CreateKeyButton tenants={tenants.map(({ tenant: name }) => name)} />
      </div>
      {shown.length === 0 ? (
        <p className="dim">
          {noKeyText(keys.length, tenant !== ALL)} A key lets clients of OpenAI's API use this
          handler, at the address where the API is deployed or served.
        </p>
      ) : (
        <Scroll label="Keys">
          <table>
            <thead>
              <tr>
                <th>Name</th>
                <th>Id</th>
                <th>Tenant</th>
                <th>State</th>
                <th>Last used</th>
                <th>Expires</th>
                <th>Providers</th>
                <th className="number">A minute</th>
                {!isReadOnly && <th>Revoke</th>}
              </tr>
            </thead>
            <tbody>
              {shown.map((key) => (
                <KeyRow key={key.keyId} info={key} />
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {hasMoreKeys && (
        <p className="dim">There are more keys. The newest {countText(keys.length)} are here.</p>
      )}
    </section>
  );
}

const TONES: Readonly<Record<ApiKeyInfo['state'], string>> = {
  active: 'good',
  expired: 'warn',
  revoked: 'bad',
};

function KeyRow({ info }: { readonly info: ApiKeyInfo }) {
  const { keyId, name, tenant, state, lastUsedAt, expiresAt, providers, requestsPerMinute } = info;
  const { isReadOnly } = useHandler();
  return (
    <tr>
      <th scope="row" className="name">
        {name}
      </th>
      <td>
        <code>{keyId}</code>
      </td>
      <td>{tenant ?? <span className="dim">none</span>}</td>
      <td>
        <span className={`status ${TONES[state]}`}>{state}</span>
      </td>
      <td>
        {lastUsedAt === undefined ? <span className="dim">never</span> : <Ago at={lastUsedAt} />}
      </td>
      <td>
        {expiresAt === undefined ? <span className="dim">never</span> : <Ago at={expiresAt} />}
      </td>
      <td>{providers?.join(', ') ?? <span className="dim">all</span>}</td>
      <td className="number">
        {requestsPerMinute === undefined ? (
          <span className="dim">no limit</span>
        ) : (
          countText(requestsPerMinute)
        )}
      </td>
      {!isReadOnly && <td>{state === 'active' && <RevokeButton info={info} />}</td>}
    </tr>
  );
}

function RevokeButton({ info: { keyId, name } }: { readonly info: ApiKeyInfo }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        onClick={() => setIsOpen(true)}
        aria-label={`Revoke ${name} (${keyId})`}
      >
        Revoke
      </button>
      {isOpen && (
        <Confirm
          title={`Revoke ${name}`}
          action="Revoke for good"
          isDangerous
          pending="Revoking it."
          onConfirm={() => answerOf(api.keys[':keyId'].$delete({ param: { keyId } }))}
          onClose={() => setIsOpen(false)}
        >
          <p>
            Within 30 seconds, nothing accepts the key {keyId} any more, and that cannot be undone.
            Batches that were added with it go on.
          </p>
        </Confirm>
      )}
    </>
  );
}
