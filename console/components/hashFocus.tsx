import { useEffect } from 'react';

/**
 * Moves the focus to what the part of the address after `#` names, which was not on the page when the
 * browser looked for it.
 *
 * @param prefix what the id of such an element begins with
 * @param isLoaded whether it is on the page
 */
export function useHashFocus(prefix: string, isLoaded: boolean): void {
  useEffect(() => {
    const name = location.hash.slice(1);
    if (isLoaded && name !== '') document.getElementById(prefix + name)?.focus();
  }, [prefix, isLoaded]);
}
