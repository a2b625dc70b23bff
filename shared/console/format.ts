export { countText, instantText } from '../client/batchText.ts';

// Made once: making one takes longer than all that a line of a table formats.
const CENTS = new Intl.NumberFormat('en-US', {
  ...{ minimumFractionDigits: 2, maximumFractionDigits: 2 },
});
const COMPACT = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

/** A large number in a few characters, such as `1.2M`. */
export function compactText(count: number): string {
  return COMPACT.format(count);
}

/** US dollars with cents, and small amounts with two significant digits. `?` if they are not known. */
export function costText(cost: number | null | undefined): string {
  if (cost === null || cost === undefined) return '?';
  // Below that, digits come with an exponent.
  if (cost > 0 && cost < 0.00001) return '<$0.00001';
  if (cost === 0 || cost >= 0.1) return `$${CENTS.format(cost)}`;
  return `$${cost.toPrecision(2)}`;
}

/** A price in US dollars as it is set, rounded to a millionth of a dollar. */
export function priceText(price: number): string {
  return `$${Number(price.toFixed(6))}`;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time in its two largest units, such as `3 h 12 min`. */
export function durationText(milliseconds: number): string {
  const length = Math.max(0, milliseconds);
  if (length < MINUTE) return `${Math.round(length / SECOND)} s`;
  if (length < HOUR) return `${Math.floor(length / MINUTE)} min`;
  const [large, unit, small, smallUnit] =
    length < DAY ? [HOUR, 'h', MINUTE, 'min'] : ([DAY, 'd', HOUR, 'h'] as const);
  const rest = Math.floor((length % large) / small);
  return `${Math.floor(length / large)} ${unit}${rest === 0 ? '' : ` ${rest} ${smallUnit}`}`;
}

/** By how much the time that the page shows may be behind: it is renewed every 5 seconds. */
const BEHIND_MS = 10 * SECOND;

/** How long ago a time was, or when it will be. */
export function agoText(time: string, now: number): string {
  const passed = now - Date.parse(time);
  if (passed < 0 && passed > -BEHIND_MS) return 'just now';
  return passed < 0 ? `in ${durationText(-passed)}` : `${durationText(passed)} ago`;
}
