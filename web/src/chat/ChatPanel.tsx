import { useEffect } from 'react';
import { isTyping } from '../canvas/keys';
import { useView } from '../page';
import { ChatHead } from './ChatHead';
import { ChatFoot } from './ChatFoot';
import { Messages } from './Messages';
import { Spoken } from './Spoken';
import './chat.css';

/** The talk with the flow. */
export function ChatPanel() {
  const open = useView((state) => state.chat);
  // It is opened to write, unless somebody writes elsewhere.
  useEffect(() => {
    if (open && !isTyping(document.activeElement)) document.querySelector<HTMLElement>('.composer textarea')?.focus({ preventScroll: true });
  }, [open]);
  if (!open) return null;
  return (
    <section className="chat" aria-label="Chat">
      <ChatHead />
      <Messages />
      <ChatFoot />
      <Spoken />
    </section>
  );
}
