import { type RefObject, useEffect } from 'react';

const STEPS: Readonly<Record<string, -1 | 1>> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

/**
 * Keys of a table of links: `/` goes to the search, `j`, `k` and the arrows go from row to row while the
 * focus is in one, and Enter on a checkbox opens its row.
 */
export function useRowKeys(search: RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const { target, key, ctrlKey, altKey, metaKey } = event;
      if (!(target instanceof HTMLElement) || ctrlKey || altKey || metaKey) return;
      if (isTyping(target) || document.querySelector('dialog[open]')) return;
      if (key === '/' && search.current) {
        event.preventDefault();
        search.current.focus();
        return;
      }
      const row = target.closest('tbody tr');
      if (!row) return;
      const step = STEPS[key];
      if (step !== undefined) {
        event.preventDefault();
        const next = step > 0 ? row.nextElementSibling : row.previousElementSibling;
        const same = target instanceof HTMLInputElement ? 'input' : 'a';
        next?.querySelector<HTMLElement>(same)?.focus();
      } else if (key === 'Enter' && target instanceof HTMLInputElement)
        row.querySelector<HTMLElement>('a')?.click();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [search]);
}

function isTyping(target: HTMLElement): boolean {
  if (target instanceof HTMLInputElement) return target.type !== 'checkbox';
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
