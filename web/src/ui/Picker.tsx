import { useId, useMemo, useState, type KeyboardEvent, type ReactNode } from 'react';
import { Popover, type Anchor } from './Popover';
import './picker.css';

export interface PickerItem {
  id: string;
  title: string;
  /** A second line. */
  note?: string;
  /** Heads the items that share it. */
  section?: string;
  icon?: ReactNode;
  /** Why it can't be chosen. */
  refusal?: string;
  act: () => void;
}

interface PickerProps {
  anchor: Anchor;
  label: string;
  placeholder: string;
  items: (query: string) => PickerItem[];
  empty: string;
  onClose: () => void;
}

/** A list with a search field: choose with the pointer, or type, move with the arrows and press Enter. */
export function Picker({ anchor, label, placeholder, items, empty, onClose }: PickerProps) {
  const id = useId();
  const [query, setQuery] = useState('');
  const found = useMemo(() => items(query), [items, query]);
  const choosable = found.filter((item) => item.refusal === undefined);
  const [wanted, setWanted] = useState<string>();
  const current = choosable.find((item) => item.id === wanted) ?? choosable[0];

  const choose = (item: PickerItem | undefined) => {
    if (!item || item.refusal !== undefined) return;
    onClose();
    item.act();
  };

  const move = (step: number) => {
    const at = current ? choosable.indexOf(current) : -1;
    const next = choosable[(at + step + choosable.length) % choosable.length];
    if (!next) return;
    setWanted(next.id);
    document.getElementById(`${id}-${next.id}`)?.scrollIntoView({ block: 'nearest' });
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') move(1);
    else if (event.key === 'ArrowUp') move(-1);
    else if (event.key === 'Enter') choose(current);
    else if (event.key === 'Tab') onClose();
    else return;
    event.preventDefault();
  };

  return (
    <Popover anchor={anchor} onClose={onClose} label={label} width={312}>
      <input
        className="picker-input"
        data-autofocus
        role="combobox"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={current && `${id}-${current.id}`}
        aria-label={label}
        placeholder={placeholder}
        value={query}
        spellCheck={false}
        onChange={(event) => setQuery(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="picker-list" id={`${id}-list`} role="listbox" aria-label={label}>
        {found.map((item, at) => (
          <div key={item.id} role="presentation">
            {item.section !== undefined && item.section !== found[at - 1]?.section && (
              <div className="picker-section" role="presentation">{item.section}</div>
            )}
            <div
              id={`${id}-${item.id}`}
              role="option"
              className="picker-item"
              aria-selected={item === current}
              aria-disabled={item.refusal !== undefined}
              onPointerMove={() => item.refusal === undefined && setWanted(item.id)}
              onClick={() => choose(item)}
            >
              {item.icon}
              <span className="picker-text">
                <span className="picker-title">{item.title}</span>
                {(item.refusal ?? item.note) !== undefined && <span className="picker-note">{item.refusal ?? item.note}</span>}
              </span>
            </div>
          </div>
        ))}
        {found.length === 0 && <p className="picker-empty">{empty}</p>}
      </div>
    </Popover>
  );
}
