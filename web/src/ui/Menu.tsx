import { useEffect, useRef, type KeyboardEvent } from 'react';
import { Icon, type IconName } from './Icon';
import { Popover, type Anchor } from './Popover';
import './menu.css';

export interface MenuItem {
  label: string;
  icon?: IconName;
  keys?: string;
  danger?: boolean;
  disabled?: boolean;
  /** A line above it. */
  apart?: boolean;
  act: () => void;
}

/** A menu as the ARIA practices describe it: arrows, Home, End and first letters move; Enter acts. */
export function Menu({ anchor, items, label, onClose }: { anchor: Anchor; items: MenuItem[]; label: string; onClose: () => void }) {
  const list = useRef<HTMLDivElement>(null);
  const buttons = () => [...(list.current?.querySelectorAll<HTMLButtonElement>('button:not(:disabled)') ?? [])];
  useEffect(() => buttons()[0]?.focus(), []);

  const onKeyDown = (event: KeyboardEvent) => {
    const all = buttons();
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    const to = nextIndex(event.key, at, all);
    if (event.key === 'Tab') onClose();
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    all[to]?.focus();
  };

  return (
    <Popover anchor={anchor} onClose={onClose} label={label} role="menu">
      <div ref={list} className="menu" onKeyDown={onKeyDown}>
        {items.map((item, at) => (
          <button
            key={at}
            type="button"
            role="menuitem"
            className="menu-item"
            data-danger={item.danger}
            data-apart={item.apart}
            disabled={item.disabled}
            onClick={() => {
              onClose();
              item.act();
            }}
          >
            {item.icon && <Icon name={item.icon} />}
            <span className="menu-label">{item.label}</span>
            {item.keys !== undefined && <kbd className="menu-keys">{item.keys}</kbd>}
          </button>
        ))}
      </div>
    </Popover>
  );
}

function nextIndex(key: string, at: number, all: HTMLButtonElement[]): number | undefined {
  switch (key) {
    case 'ArrowDown':
      return (at + 1) % all.length;
    case 'ArrowUp':
      return (at - 1 + all.length) % all.length;
    case 'Home':
      return 0;
    case 'End':
      return all.length - 1;
    default: {
      if (key.length !== 1) return undefined;
      const letter = key.toLocaleLowerCase();
      const order = [...all.keys()].map((step) => (at + 1 + step) % all.length);
      return order.find((index) => all[index]?.textContent?.trim().toLocaleLowerCase().startsWith(letter));
    }
  }
}
