import { memo, useEffect, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import type { Capabilities } from '../api/memory';
import { Button } from '../ui/Button';
import { count } from '../run/words';
import { ChangeDialog, type Change } from './ChangeDialog';
import { priceOf } from './estimate';
import { number } from './format';
import { MessageItem } from './MessageItem';
import type { Item } from './messages';
import { rangesIn } from './search';
import { nextStep, type MemoryStore, type OpenSession, type Read } from './store';
import { useMemoryState } from './useMemory';

/** Messages that are drawn or left out together. */
const GROUP = 20;
/** How tall a message is taken to be until it was drawn. */
const GUESS_PX = 88;
/** How far from the view messages are drawn. */
const NEAR = '1200px';
/** So close to the end, the view stays at the end. */
const AT_END_PX = 48;

interface MessagesProps {
  memory: MemoryStore;
  open: OpenSession;
  read: Read;
  items: readonly Item[];
  plain: boolean;
  query: string;
  /** The place of the hit to be shown. */
  current: number | undefined;
  before: ReactNode;
}

/** The messages, oldest first, with the view at the newest. Those far from the view are not drawn. */
export function Messages({ memory, open, read, items, plain, query, current, before }: MessagesProps) {
  const capabilities = useMemoryState(memory, (state) => state.capabilities);
  const [box, setBox] = useState<HTMLDivElement | null>(null);
  const [focused, setFocused] = useState<number>();
  const [change, setChange] = useState<Change>();
  const groups = useGroups(items);
  useKeepPlace(box, items[0]?.key);
  useHighlight(box, query, current);
  useShow(box, current);

  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const here = event.target;
    if (!(here instanceof HTMLElement) || here.role !== 'article') return;
    const at = Number(here.dataset['at']);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 5, PageUp: at - 5 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const target = box?.querySelector<HTMLElement>(`[data-at="${Math.max(0, Math.min(to, items.length - 1))}"]`);
    target?.focus({ preventScroll: true });
    target?.scrollIntoView({ block: 'nearest' });
  };

  const entry = focused !== undefined && focused < items.length ? focused : items.length - 1;
  return (
    <>
      <div ref={setBox} className="memory-scroll messages" role="feed" aria-label="Messages, oldest first" aria-busy={open.is === 'loading'} onKeyDown={onKeyDown}>
        <div className="messages-all">
          <Older memory={memory} open={open} read={read} />
          {before}
          {groups.map((group, index) => (
            <Group
              key={group[0]?.item.key}
              box={box}
              group={group}
              total={read.complete ? items.length : -1}
              drawn={index >= groups.length - 2}
              plain={plain}
              numbered={read.complete}
              entry={group.some(({ at }) => at === entry) ? entry : undefined}
              current={group.some(({ at }) => at === current) ? current : undefined}
              capabilities={capabilities}
              onFocus={setFocused}
              onChange={setChange}
            />
          ))}
        </div>
      </div>
      {change && <ChangeDialog memory={memory} change={change} onClose={() => setChange(undefined)} />}
    </>
  );
}

/** What stands above the first message: whether there is more, and what it costs. */
function Older({ memory, open, read }: { memory: MemoryStore; open: OpenSession; read: Read }) {
  if (open.reading !== undefined) {
    return (
      <div className="memory-older" role="status">
        <p>Reading the whole session: {count(open.reading, 'turn')} so far.</p>
        <Button look="quiet" onClick={() => memory.stopReading()}>
          Stop
        </Button>
      </div>
    );
  }
  if (read.complete) return null;
  const step = nextStep(read);
  const price = step && priceOf(step, read.usage, read.brought);
  return (
    <div className="memory-older">
      <p>There are older turns. How many, the store tells only when it reads them.</p>
      {step !== undefined && (
        <Button disabled={open.is === 'loading'} onClick={() => void memory.readOlder()}>
          {[`Show ${number(step)}`, price].filter(Boolean).join(' · ')}
        </Button>
      )}
      <Button look="quiet" onClick={() => void memory.readAll()}>
        Read all of it
      </Button>
    </div>
  );
}

interface Placed {
  item: Item;
  at: number;
}

interface GroupProps {
  box: HTMLElement | null;
  group: readonly Placed[];
  total: number;
  drawn: boolean;
  plain: boolean;
  numbered: boolean;
  entry: number | undefined;
  current: number | undefined;
  capabilities: Capabilities | undefined;
  onFocus: (at: number) => void;
  onChange: (change: Change) => void;
}

const Group = memo(function Group({ box, group, total, drawn, plain, numbered, entry, current, capabilities, onFocus, onChange }: GroupProps) {
  const element = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(drawn);
  const [height, setHeight] = useState(group.length * GUESS_PX);
  useEffect(() => {
    const here = element.current;
    if (!here || !box || !globalThis.IntersectionObserver) return undefined;
    const watch = new IntersectionObserver(
      ([seen]) => {
        if (!seen) return;
        if (!seen.isIntersecting && here.childElementCount > 0) setHeight(here.offsetHeight);
        setNear(seen.isIntersecting);
      },
      { root: box, rootMargin: `${NEAR} 0px` },
    );
    watch.observe(here);
    return () => watch.disconnect();
  }, [box]);

  const shown = near || current !== undefined;
  return (
    <div ref={element} className="message-group" style={shown ? {} : { height }}>
      {shown &&
        group.map(({ item, at }) => (
          <MessageItem
            key={item.key}
            item={item}
            at={at}
            total={total}
            plain={plain}
            numbered={numbered}
            entry={at === entry}
            current={at === current}
            capabilities={capabilities}
            onFocus={onFocus}
            onChange={onChange}
          />
        ))}
    </div>
  );
});

/** Groups begin where they began before, so that what is drawn stays when older messages come. */
function useGroups(items: readonly Item[]): Placed[][] {
  const starts = useRef<ReadonlySet<string>>(new Set());
  return useMemo(() => {
    const groups: Placed[][] = [];
    items.forEach((item, at) => {
      const last = groups.at(-1);
      if (!last || last.length >= GROUP || starts.current.has(item.key)) groups.push([{ item, at }]);
      else last.push({ item, at });
    });
    starts.current = new Set(groups.flatMap(([first]) => (first ? [first.item.key] : [])));
    return groups;
  }, [items]);
}

/** Begins at the newest message, and stays there while messages come and grow; elsewhere, what is seen stays when older ones come. */
function useKeepPlace(box: HTMLElement | null, first: string | undefined): void {
  const atEnd = useRef(true);
  const fromEnd = useRef(0);
  useLayoutEffect(() => {
    if (box) box.scrollTop = box.scrollHeight - (atEnd.current ? 0 : fromEnd.current);
  }, [box, first]);
  useEffect(() => {
    if (!box) return undefined;
    const settle = () => {
      if (atEnd.current) box.scrollTop = box.scrollHeight;
    };
    const onScroll = () => {
      fromEnd.current = box.scrollHeight - box.scrollTop;
      atEnd.current = fromEnd.current - box.clientHeight < AT_END_PX;
    };
    const watch = new ResizeObserver(settle);
    watch.observe(box);
    if (box.firstElementChild) watch.observe(box.firstElementChild);
    box.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      watch.disconnect();
      box.removeEventListener('scroll', onScroll);
    };
  }, [box]);
}

/** Brings a message into view; heights that were guessed may move it once more. */
function useShow(box: HTMLElement | null, at: number | undefined): void {
  useEffect(() => {
    if (!box || at === undefined) return undefined;
    const show = () => box.querySelector(`[data-at="${at}"]`)?.scrollIntoView({ block: 'center' });
    let frame = requestAnimationFrame(() => {
      show();
      frame = requestAnimationFrame(show);
    });
    return () => cancelAnimationFrame(frame);
  }, [box, at]);
}

const HIT = 'memory-hit';
const HIT_HERE = 'memory-hit-here';

/** Marks the words without touching the messages, where the browser can. */
function useHighlight(box: HTMLElement | null, query: string, current: number | undefined): void {
  useEffect(() => {
    const marks = globalThis.CSS?.highlights;
    if (!box || !marks || query.trim() === '') return undefined;
    let frame = 0;
    const mark = () => {
      const ranges = rangesIn(box, query);
      const here = current === undefined ? null : box.querySelector(`[data-at="${current}"]`);
      marks.set(HIT, new Highlight(...ranges.filter((range) => !here?.contains(range.startContainer))));
      marks.set(HIT_HERE, new Highlight(...ranges.filter((range) => here?.contains(range.startContainer))));
    };
    const later = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(mark);
    };
    later();
    const watch = new MutationObserver(later);
    watch.observe(box, { childList: true, subtree: true });
    return () => {
      watch.disconnect();
      cancelAnimationFrame(frame);
      marks.delete(HIT);
      marks.delete(HIT_HERE);
    };
  }, [box, query, current]);
}
