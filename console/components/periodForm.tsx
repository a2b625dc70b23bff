import { type ReactNode, useId } from 'react';
import { useSearchParams } from 'wouter';
import { PERIODS } from '../../shared/console/periods.ts';
import { Note } from './note.tsx';

/** Sets choices of a screen; undefined leaves one to its usual value. */
type Change = (changes: Readonly<Record<string, string | undefined>>) => void;

/** The choices of a screen, which are in the address, so that it can be kept and sent. */
export function useChoices(): readonly [URLSearchParams, Change] {
  const [parameters, setParameters] = useSearchParams();
  const change: Change = (changes) =>
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

const PERIOD_CHOICES = PERIODS.map((days) => ({ value: days, name: `${days} days` }));

interface PeriodChoiceProps {
  readonly days: Days;
  readonly change: Change;
}

/** How many days the figures of a screen are of. */
export function PeriodChoice({ days, change }: PeriodChoiceProps) {
  const onChange = (value: string): void => change({ days: value });
  return <Choice label="Period" value={days} choices={PERIOD_CHOICES} onChange={onChange} />;
}

interface PeriodStateProps {
  readonly isRead: boolean;
  readonly error: Error | null;
}

/** Why there are no figures, or none yet. */
export function PeriodState({ isRead, error }: PeriodStateProps) {
  if (error) return <Note kind="problem">{error.message}</Note>;
  if (isRead) return null;
  return <p className="dim">Reading the batches of this period, which may take some seconds…</p>;
}
