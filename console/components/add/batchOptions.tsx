import type { Draft } from '../../plan.ts';

interface BatchOptionsProps {
  readonly draft: Draft;
  readonly defaultBatchId: string;
  readonly onChange: (draft: Draft) => void;
}

type TextField = Exclude<keyof Draft, 'metadata'>;

/** What can be said of a batch besides its requests. Each may be left out. */
export function BatchOptions({ draft, defaultBatchId, onChange }: BatchOptionsProps) {
  const field = (name: TextField) => ({
    value: draft[name],
    onChange: ({ target }: { readonly target: { readonly value: string } }) =>
      onChange({ ...draft, [name]: target.value }),
  });
  return (
    <>
      <div className="fields">
        <label>
          Batch id
          <input {...field('batchId')} placeholder={defaultBatchId} maxLength={100} />
        </label>
        <label>
          Highest cost in USD
          <input {...field('maxCost')} inputMode="decimal" placeholder="no limit" />
        </label>
        <label>
          Priority, −500 to 499
          <input {...field('priority')} type="number" min={-500} max={499} placeholder="0" />
        </label>
        <label>
          Not before (UTC)
          <input {...field('notBefore')} type="datetime-local" />
        </label>
        <label>
          Tenant
          <input {...field('tenant')} placeholder="none" maxLength={64} />
        </label>
      </div>
      <Metadata pairs={draft.metadata} onChange={(metadata) => onChange({ ...draft, metadata })} />
      <details>
        <summary>More options</summary>
        <div className="fields">
          <label>
            Completion window
            <input {...field('completionWindow')} placeholder="the entry’s, such as 24h" />
          </label>
          <label>
            Seconds that rows are served for
            <input
              {...field('outputLifeSeconds')}
              inputMode="numeric"
              placeholder="as long as they exist"
            />
          </label>
          <label>
            Options of the provider’s job, as JSON
            <input {...field('options')} spellCheck={false} placeholder="{}" />
          </label>
        </div>
      </details>
    </>
  );
}

/** As many as a message may have. */
const MAX_PAIRS = 16;

interface MetadataProps {
  readonly pairs: Draft['metadata'];
  readonly onChange: (pairs: Draft['metadata']) => void;
}

function Metadata({ pairs, onChange }: MetadataProps) {
  const change = (index: number, pair: readonly [string, string]): void =>
    onChange(pairs.map((each, at) => (at === index ? pair : each)));
  return (
    <fieldset>
      <legend>Metadata, for your processor and events</legend>
      {pairs.map(([key, value], index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a pair is known by its place only, while it is typed.
        <div className="row" key={index}>
          <label>
            Key {index + 1}
            <input
              value={key}
              maxLength={64}
              onChange={({ target }) => change(index, [target.value, value])}
            />
          </label>
          <label>
            Value {index + 1}
            <input
              value={value}
              maxLength={512}
              onChange={({ target }) => change(index, [key, target.value])}
            />
          </label>
          <button type="button" onClick={() => onChange(pairs.filter((_pair, at) => at !== index))}>
            Remove pair {index + 1}
          </button>
        </div>
      ))}
      {pairs.length < MAX_PAIRS && (
        <button type="button" onClick={() => onChange([...pairs, ['', '']])}>
          Add a pair
        </button>
      )}
    </fieldset>
  );
}
