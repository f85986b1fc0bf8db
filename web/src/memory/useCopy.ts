import { useCallback, useState } from 'react';

const SAID_MS = 1_500;

/** Copies a text, and tells for a moment that it was copied. */
export function useCopy(): [copied: boolean, copy: (text: string) => void] {
  const [copied, setCopied] = useState(false);
  const copy = useCallback((text: string) => {
    navigator.clipboard?.writeText(text).then(
      () => {
        setCopied(true);
        setTimeout(() => setCopied(false), SAID_MS);
      },
      // Where the browser does not allow it, the text can still be selected.
      () => undefined,
    );
  }, []);
  return [copied, copy];
}
