import { useState } from 'react';
import { toggleChat } from '../layout/panels';
import { useCatalog, useFlow, usePage, useRuns } from '../page';
import { isOpen } from '../run/exchange';
import { partsOf } from '../run/parts';
import { IconButton } from '../ui/Button';
import { Icon } from '../ui/Icon';
import type { Anchor } from '../ui/Popover';
import { say } from '../ui/toasts';
import { SessionPicker } from './SessionPicker';
import { useSession } from './useSession';

export function ChatHead() {
  const { view, runs } = usePage();
  const running = useRuns((state) => state.exchanges.some(isOpen));
  const catalog = useCatalog();
  const hasMemory = useFlow(({ doc }) => partsOf(catalog, doc).memory !== undefined);
  return (
    <header className="chat-head">
      <div className="chat-title">
        <h2>Chat</h2>
        <IconButton icon="add" label="New session" disabled={running} onClick={() => runs.commands.newSession()} />
        <IconButton icon="close" label="Close the chat" keys="C" onClick={() => toggleChat(view)} />
      </div>
      {hasMemory ? <SessionLine running={running} /> : <p className="chat-no-memory">No memory is connected: nothing is kept.</p>}
    </header>
  );
}

/** Under which session the conversation is kept, and who named it. */
function SessionLine({ running }: { running: boolean }) {
  const session = useSession();
  const [anchor, setAnchor] = useState<Anchor>();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(session.id);
      say('Session id copied.');
    } catch {
      say(`The browser does not allow to copy. The session id is ${session.id}`, { tone: 'bad' });
    }
  };
  return (
    <div className="chat-session">
      <button
        type="button"
        className="chat-session-name"
        aria-haspopup="dialog"
        aria-expanded={anchor !== undefined}
        title={`${session.id}, ${session.from}`}
        disabled={running}
        onClick={(event) => setAnchor(event.currentTarget)}
      >
        <span className="visually-hidden">Session </span>
        <code>{session.id}</code> <span>{session.from}</span>
        <span className="visually-hidden">. Choose another</span>
        <Icon name="chevronDown" size={14} />
      </button>
      <IconButton icon="copy" label="Copy the session id" onClick={() => void copy()} />
      {anchor !== undefined && <SessionPicker anchor={anchor} onClose={() => setAnchor(undefined)} />}
    </div>
  );
}
