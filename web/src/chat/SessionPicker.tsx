import { useState, type FormEvent } from 'react';
import { usePage, useRuns } from '../page';
import { Button } from '../ui/Button';
import { Popover, type Anchor } from '../ui/Popover';

const MOST_CHARS = 2048;

/** Goes on with a conversation by the name of its session. */
export function SessionPicker({ anchor, onClose }: { anchor: Anchor; onClose: () => void }) {
  const { runs } = usePage();
  const conversation = useRuns((state) => state.conversation);
  const [name, setName] = useState('');
  const choose = (act: () => void) => {
    onClose();
    act();
    // The next thing to do is to write.
    requestAnimationFrame(() => document.querySelector<HTMLElement>('.composer textarea')?.focus());
  };
  const use = (session: string | undefined) => choose(() => runs.commands.useSession(session));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== '') use(name.trim());
  };
  const recent = (conversation.recent ?? []).filter((other) => other !== conversation.session);
  return (
    <Popover anchor={anchor} onClose={onClose} label="Choose the session" width={320}>
      <div className="session-picker">
        <form onSubmit={submit}>
          <label htmlFor="session-name">Go on with a session by its name</label>
          <div>
            <input
              id="session-name"
              className="control"
              data-autofocus
              placeholder="A name, new or stored"
              value={name}
              maxLength={MOST_CHARS}
              spellCheck={false}
              autoComplete="off"
              onChange={(event) => setName(event.target.value)}
            />
            <button type="submit" className="button" data-look="primary" disabled={name.trim() === ''}>
              Use
            </button>
          </div>
        </form>
        {recent.length > 0 && (
          <ul aria-label="Used before">
            {recent.map((other) => (
              <li key={other}>
                <button type="button" className="session-recent" title={other} onClick={() => use(other)}>
                  <code>{other}</code>
                </button>
              </li>
            ))}
          </ul>
        )}
        <div className="session-acts">
          {conversation.session !== undefined && (
            <Button look="quiet" onClick={() => use(undefined)}>
              Back to the chat’s own
            </Button>
          )}
          <Button
            look="quiet"
            icon="add"
            onClick={() => choose(runs.commands.newSession)}
          >
            New session
          </Button>
        </div>
      </div>
    </Popover>
  );
}
