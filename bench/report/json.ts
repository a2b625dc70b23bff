import { type Figure, isReached } from '../figure.ts';

/** One figure as a line of JSON. */
export function jsonLine(figure: Figure): string {
  const { name, value, unit, goal } = figure;
  const line = {
    name,
    value: round(value),
    unit,
    goal: goal?.value ?? null,
    ok: isReached(figure),
  };
  return `${JSON.stringify(line)}\n`;
}

/** Four significant digits: no measurement here has more. */
function round(value: number): number {
  return Number(value.toPrecision(4));
}
