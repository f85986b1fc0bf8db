import { useCallback, useEffect, useRef, useState, type RefObject } from 'react';

/** So near to the end, the reader follows. */
const NEAR_PX = 48;

interface Stick {
  box: RefObject<HTMLDivElement | null>;
  content: RefObject<HTMLDivElement | null>;
  /** The reader is away from the end. */
  away: boolean;
  toEnd: () => void;
}

/** Keeps the end of a growing text in sight for a reader who is there, and leaves one alone who has scrolled up. */
export function useStick(): Stick {
  const box = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const [away, setAway] = useState(false);

  const toEnd = useCallback(() => {
    follows.current = true;
    setAway(false);
    const element = box.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, []);

  useEffect(() => {
    const element = box.current;
    const inner = content.current;
    if (!element || !inner) return undefined;
    let top = element.scrollTop;
    const onScroll = () => {
      const near = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
      // What grows moves the end away; only a reader moves up.
      if (near) follows.current = true;
      else if (element.scrollTop < top) follows.current = false;
      top = element.scrollTop;
      setAway(!near && !follows.current);
    };
    const watch = new ResizeObserver(() => {
      if (follows.current) element.scrollTop = element.scrollHeight;
      top = element.scrollTop;
    });
    watch.observe(inner);
    watch.observe(element);
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      watch.disconnect();
      element.removeEventListener('scroll', onScroll);
    };
  }, []);

  return { box, content, away, toEnd };
}
