import { agoText, instantText } from '../format.ts';
import { useNow } from '../now.ts';

/** How long ago a time was, with the time itself for whoever points at it. */
export function Ago({ at }: { readonly at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={instantText(at)}>
      {agoText(at, now)}
    </time>
  );
}
