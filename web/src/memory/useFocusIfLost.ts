import { useEffect, useRef, type RefObject } from 'react';

/** When what had the focus has made way for this, the focus comes here. */
export function useFocusIfLost<T extends HTMLElement>(): RefObject<T | null> {
  const element = useRef<T>(null);
  useEffect(() => {
    const { activeElement } = document;
    if (activeElement === null || activeElement === document.body) element.current?.focus({ preventScroll: true });
  }, []);
  return element;
}
