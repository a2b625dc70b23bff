import { type ChangeEvent, type RefObject, useEffect, useId, useRef } from 'react';
import { END_STATUSES, OPEN_STATUSES } from '../../shared/batch/status.ts';
import type { BatchesFilter } from '../../shared/console/batchFilter.ts';
import { useHandler } from '../handler.ts';

interface BatchFilterFormProps {
  readonly filter: BatchesFilter;
  /** Takes the fields that change. Empty text takes a field away. */
  readonly onChange: (changes: BatchesFilter) => void;
  readonly onClear: () => void;
  /** The field for a part of the id. */
  readonly search: RefObject<HTMLInputElement | null>;
  /** Names of tenants that are known, to choose from. */
  readonly tenants: readonly string[];
}

/** The fields of the filter. Each change filters at once. */
export function BatchFilterForm({
  filter,
  onChange,
  onClear,
  search,
  tenants,
}: BatchFilterFormProps) {
  const { providers } = useHandler();
  const known = useId();
  const field = (name: keyof BatchesFilter) => ({
    value: filter[name] ?? '',
    onChange: ({ target }: ChangeEvent<HTMLInputElement | HTMLSelectElement>) =>
      onChange({ [name]: target.value }),
  });
  const day = (name: 'since' | 'until') => ({
    ...field(name),
    value: (filter[name] ?? '').slice(0, 10),
  });
  return (
    <search className="row filter">
      <label>
        Batch id
        <input
          type="search"
          ref={search}
          placeholder="part of an id"
          aria-keyshortcuts="/"
          {...field('id')}
        />
      </label>
      <StatusChoice status={filter.status ?? ''} onChange={(status) => onChange({ status })} />
      <label>
        Provider
        <select {...field('provider')}>
          <option value="">all</option>
          {[...new Set([...providers, ...(filter.provider ? [filter.provider] : [])])].map(
            (name) => (
              <option key={name}>{name}</option>
            ),
          )}
        </select>
      </label>
      <label>
        Tenant
        <input size={12} list={known} placeholder="all" {...field('tenant')} />
      </label>
      <datalist id={known}>
        {tenants.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </datalist>
      <label>
        Metadata
        <input size={14} placeholder="key=value" {...field('metadata')} />
      </label>
      <label>
        Added from (UTC)
        <input type="date" {...day('since')} />
      </label>
      <label>
        Added before (UTC)
        <input type="date" {...day('until')} />
      </label>
      <button type="button" onClick={onClear} disabled={Object.keys(filter).length === 0}>
        Clear filters
      </button>
    </search>
  );
}

const OPEN = 'open';

interface StatusChoiceProps {
  /** As in the filter. Empty: all. */
  readonly status: string;
  readonly onChange: (status: string) => void;
}

/** The statuses, of which several can be chosen, behind a button that names those that are. */
function StatusChoice({ status, onChange }: StatusChoiceProps) {
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => closeByLeaving(details), []);
  const chosen = new Set(status === '' ? [] : status.split(','));
  const toggle = (name: string): void => {
    if (!chosen.delete(name)) chosen.add(name);
    onChange([...chosen].join(','));
  };
  const option = (name: string, text: string) => (
    <label key={name}>
      <input type="checkbox" checked={chosen.has(name)} onChange={() => toggle(name)} /> {text}
    </label>
  );
  return (
    <details className="choice" ref={details}>
      <summary>Status: {chosen.size === 0 ? 'all' : [...chosen].join(', ')}</summary>
      <fieldset aria-label="Statuses that are shown">
        {option(OPEN, 'open: any that has not ended')}
        {END_STATUSES.map((name) => option(name, name))}
        {OPEN_STATUSES.map((name) => option(name, name))}
      </fieldset>
    </details>
  );
}

/** Closes it by the Escape key, and by a click anywhere else. @returns stops that */
function closeByLeaving({ current }: RefObject<HTMLDetailsElement | null>): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const close = (): void => current?.removeAttribute('open');
  const isInside = ({ target }: Event): boolean =>
    target instanceof Node && current?.contains(target) === true;
  document.addEventListener('pointerdown', (event) => isInside(event) || close(), { signal });
  current?.addEventListener('keydown', ({ key }) => key === 'Escape' && close(), { signal });
  return () => stop.abort();
}
