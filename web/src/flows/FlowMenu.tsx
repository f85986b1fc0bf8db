import { useRef, useState } from 'react';
import { flows as api, isReadable, type FlowEntry } from '../api/flows';
import { usePage } from '../page';
import { Icon } from '../ui/Icon';
import { Menu } from '../ui/Menu';
import { say } from '../ui/toasts';

/** Opens another flow, or a new one. */
export function FlowMenu() {
  const { openFlow, flow } = usePage();
  const button = useRef<HTMLButtonElement>(null);
  const [entries, setEntries] = useState<FlowEntry[]>();

  const open = async () => {
    const answer = await api.list();
    if (answer.ok) setEntries(answer.value.flows);
    else say(answer.error.message, { tone: 'bad' });
  };
  const create = async () => {
    const answer = await api.create({ name: 'Untitled flow' });
    if (answer.ok) openFlow(answer.value.id);
    else say(answer.error.message, { tone: 'bad' });
  };

  return (
    <>
      <button ref={button} type="button" className="mark" aria-label="Flows" title="Flows" aria-haspopup="menu" aria-expanded={entries !== undefined} onClick={() => void open()}>
        <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
          <path d="M5 7.5h14M5 12h14M5 16.5h8" />
        </svg>
        <Icon name="chevronDown" size={12} />
      </button>
      {entries && button.current && (
        <Menu
          anchor={button.current}
          label="Flows"
          onClose={() => setEntries(undefined)}
          items={[
            ...entries
              .filter(isReadable)
              .filter((entry) => entry.id !== flow.getState().id)
              .map((entry) => ({ label: entry.name || 'Untitled flow', icon: 'flow' as const, act: () => openFlow(entry.id) })),
            { label: 'New flow', icon: 'add', act: () => void create() },
          ]}
        />
      )}
    </>
  );
}
