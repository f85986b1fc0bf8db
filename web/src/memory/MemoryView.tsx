import { useEffect } from 'react';
import type { MemoryStore } from './store';
import { Costs } from './Costs';
import { Blank } from './Blank';
import { SessionList } from './SessionList';
import { SessionView } from './SessionView';
import { useMemoryState } from './useMemory';

const NOTE_MS = 10_000;

/** The sessions and the one that is open: after one another where there is little room, else side by side. */
export function MemoryView({ memory, onEnlarge }: { memory: MemoryStore; onEnlarge?: () => void }) {
  const open = useMemoryState(memory, (state) => state.open?.id);
  const note = useMemoryState(memory, (state) => state.note);
  const wide = onEnlarge === undefined;
  useEffect(() => {
    if (note === undefined) return undefined;
    const timer = setTimeout(() => memory.say(undefined), NOTE_MS);
    return () => clearTimeout(timer);
  }, [memory, note]);
  return (
    <div className="memory" data-wide={wide}>
      <div className="memory-panes">
        {(wide || open === undefined) && <SessionList memory={memory} {...(onEnlarge && { onEnlarge })} />}
        {open !== undefined && <SessionView key={open} memory={memory} {...(onEnlarge && { onEnlarge })} />}
        {wide && open === undefined && <Blank icon="chat" title="No session is open" text="Choose one on the left, or type its id." />}
      </div>
      <p className="memory-note" role="status" data-shown={note !== undefined}>
        {note}
      </p>
      <Costs memory={memory} />
    </div>
  );
}
