import { type ReactNode, useId } from 'react';
import { useSearchParams } from 'wouter';
import { PERIODS } from '../../shared/console/periods.ts';

/** The choices of a screen, which are in the address, so that it can be kept and sent. */
export function useChoices(): readonly [
  URLSearchParams,
  (changes: Readonly<Record<string, string | undefined>>) => void,
] {
  const [parameters, setParameters] = useSearchParams();
  const change = (changes: Readonly<Record<string, string | undefined>>): void =>
    setParameters(
      (before) => {
        const next = new URLSearchParams(before);
        for (const [name, value] of Object.entries(changes))
          if (value === undefined) next.delete(name);
          else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  return [parameters, change];
}

export type Days = (typeof PERIODS)[number];

/** The period in the address, or the usual one. */
export function daysOf(parameters: URLSearchParams): Days {
  const days = parameters.get('days');
  return PERIODS.find((period) => period === days) ?? '30';
}

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly choices: readonly { readonly value: Value; readonly name: string }[];
  readonly onChange: (value: string) => void;
}

/** One of several values. */
export function Choice<Value extends string>(props: ChoiceProps<Value>): ReactNode {
  const { label, value, choices, onChange } = props;
  const id = useId();
  return (
    <div className="choice">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={({ target }) => onChange(target.value)}>
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.name}
          </option>
        ))}
      </select>
    </div>
  );
}

export const PERIOD_CHOICES = PERIODS.map((days) => ({ value: days, name: `${days} days` }));
