import { memo, useState } from 'react';
import type { Capabilities, Message, MessageRef } from '../api/memory';
import { Markdown } from '../text/Markdown';
import { IconButton } from '../ui/Button';
import { Icon } from '../ui/Icon';
import { Menu, type MenuItem } from '../ui/Menu';
import type { Change } from './ChangeDialog';
import { bytes, moment } from './format';
import { JsonTree } from './JsonTree';
import { argumentsOf, partsOf, roleOf, textOf, type Item, type Part } from './messages';
import { useCopy } from './useCopy';

/** A text longer than this is cut until it is asked for. */
const LONG = 6_000;

interface MessageItemProps {
  item: Item;
  at: number;
  /** How many there are; -1 when that is not known. */
  total: number;
  plain: boolean;
  /** Whether turns can be counted from the first. */
  numbered: boolean;
  /** Whether the Tab key comes here. */
  entry: boolean;
  /** Whether it is the hit that is looked at. */
  current: boolean;
  capabilities: Capabilities | undefined;
  onFocus: (at: number) => void;
  onChange: (change: Change) => void;
}

export const MessageItem = memo(function MessageItem({ item, at, total, plain, numbered, entry, current, capabilities, onFocus, onChange }: MessageItemProps) {
  const { turn, turnAt, message, calls, opensTurn } = item;
  const [menu, setMenu] = useState<Element>();
  const [copied, copy] = useCopy();
  const stored = turn.stored_at_epoch_secs;
  const ref: MessageRef = { position: turn.position, turn_id: turn.id ?? null, index: item.at };
  const items: MenuItem[] = [
    { label: 'Copy the text', icon: 'copy', act: () => copy(textOf(message)) },
    { label: 'Copy as JSON', icon: 'copy', act: () => copy(JSON.stringify(message, null, 2)) },
    ...(capabilities?.edit_message ? [{ label: 'Edit…', icon: 'rename' as const, apart: true, act: () => onChange({ is: 'edit', ref, message }) }] : []),
    ...(capabilities?.delete_message
      ? [{ label: 'Remove…', icon: 'trash' as const, danger: true, apart: !capabilities.edit_message, act: () => onChange({ is: 'delete', ref, message }) }]
      : []),
  ];
  const opening = [numbered && `Turn ${turnAt + 1}`, stored != null && moment(stored, Date.now())].filter(Boolean).join(' · ');
  return (
    <>
      {opensTurn && opening !== '' && <p className="turn-mark">{opening}</p>}
      <div
        role="article"
        className="message"
        data-role={message.role}
        data-at={at}
        data-current={current}
        aria-posinset={at + 1}
        aria-setsize={total}
        aria-label={`${roleOf(message)}, message ${at + 1}`}
        tabIndex={entry ? 0 : -1}
        onFocus={() => onFocus(at)}
      >
        <header>
          <span className="message-role">{roleOf(message)}</span>
          {message.name != null && <span className="message-name">{message.name}</span>}
          {isStopped(message) && <span className="message-name">stopped</span>}
          <IconButton icon={copied ? 'check' : 'more'} label={copied ? 'Copied' : 'What can be done with it'} aria-haspopup="menu" onClick={(event) => setMenu(event.currentTarget)} />
        </header>
        <Content message={message} plain={plain} whole={current} />
        {calls.map(({ call, result }) => (
          <details key={call.id} className="tool-call" open={current || undefined}>
            <summary>
              <Icon name="chevronRight" size={12} />
              <span>
                {call.name}
                <code>{argumentsOf(call).replace(/\s+/gu, ' ')}</code>
              </span>
            </summary>
            <pre>{argumentsOf(call)}</pre>
            {result ? <pre data-result>{textOf(result.message)}</pre> : <p>No result is stored.</p>}
          </details>
        ))}
        {menu && <Menu anchor={menu} items={items} label="Message" onClose={() => setMenu(undefined)} />}
      </div>
    </>
  );
});

function Content({ message, plain, whole }: { message: Message; plain: boolean; whole: boolean }) {
  const parts = partsOf(message);
  if (parts.length === 0 && !message.tool_calls?.length) return <p className="message-empty">No text</p>;
  return (
    <>
      {parts.map((part, at) => (
        <PartView key={at} part={part} plain={plain || message.role === 'tool'} whole={whole} />
      ))}
    </>
  );
}

function PartView({ part, plain, whole }: { part: Part; plain: boolean; whole: boolean }) {
  const [all, setAll] = useState(false);
  if (part.is === 'image') return <img className="message-image" src={part.url} alt="Image in the message" />;
  if (part.is === 'other') {
    return (
      <div className="json">
        <JsonTree value={part.json} />
      </div>
    );
  }
  const cut = part.text.length > LONG && !all && !whole;
  const text = cut ? part.text.slice(0, LONG) : part.text;
  return (
    <>
      {plain ? <p className="message-plain">{text}</p> : <Markdown text={text} headings={4} />}
      {cut && (
        <button type="button" className="message-all" onClick={() => setAll(true)}>
          Show all of it, {bytes(part.text.length)}
        </button>
      )}
    </>
  );
}

/** A run that was stopped marks its last message. */
function isStopped(message: Message): boolean {
  return (message as Record<string, unknown>)['stopped'] === true;
}
