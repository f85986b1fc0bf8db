import { useDeferredValue, useRef, useState, type KeyboardEvent } from 'react';
import { search } from '../manifest/catalog';
import type { NodeDeclaration } from '../manifest/types';
import { useCatalog } from '../page';
import { Icon, NodeIcon } from '../ui/Icon';
import { IconButton } from '../ui/Button';
import './palette.css';

export const DRAG_TYPE = 'application/x-canvas-memory-node';

/** Every node that can be added, by category. Drag one, click it, or press Enter on it. */
export function Palette({ onAdd, onClose }: { onAdd: (declaration: NodeDeclaration) => void; onClose: () => void }) {
  const catalog = useCatalog();
  const [query, setQuery] = useState('');
  const wanted = useDeferredValue(query.trim());
  const list = useRef<HTMLDivElement>(null);
  const found = wanted === '' ? catalog.categories : [{ name: '', nodes: search(catalog, wanted) }];
  const none = found.every(({ nodes }) => nodes.length === 0);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      if (query === '') (event.target as HTMLElement).blur();
      setQuery('');
    }
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    const entries = [...(list.current?.querySelectorAll<HTMLElement>('button') ?? [])];
    const at = entries.indexOf(document.activeElement as HTMLElement);
    entries[Math.max(0, Math.min(entries.length - 1, at + (event.key === 'ArrowDown' ? 1 : -1)))]?.focus();
    event.preventDefault();
  };

  return (
    <aside className="palette" aria-label="Nodes" onKeyDown={onKeyDown}>
      <div className="palette-head">
        <label className="palette-search">
          <Icon name="search" />
          <input
            type="search"
            aria-label="Search nodes"
            placeholder="Search nodes"
            value={query}
            spellCheck={false}
            onChange={(event) => setQuery(event.target.value)}
            onKeyDown={(event) => {
              const [first] = wanted === query.trim() ? (found[0]?.nodes ?? []) : search(catalog, query);
              if (event.key === 'Enter' && query.trim() !== '' && first) onAdd(first);
            }}
          />
          <kbd>/</kbd>
        </label>
        <IconButton icon="panelLeft" label="Hide the palette" onClick={onClose} />
      </div>
      <div className="palette-list" ref={list}>
        {found.map(({ name, nodes }) => (
          <section key={name} className="palette-category" aria-label={name || 'Found'}>
            {name !== '' && <h2>{name}</h2>}
            {nodes.map((node) => (
              <PaletteEntry key={node['x-node'].type} node={node} onAdd={onAdd} />
            ))}
          </section>
        ))}
        {none && <p className="palette-empty">No node is called “{query.trim()}”.</p>}
      </div>
    </aside>
  );
}

function PaletteEntry({ node, onAdd }: { node: NodeDeclaration; onAdd: (declaration: NodeDeclaration) => void }) {
  const catalog = useCatalog();
  const { type, icon } = node['x-node'];
  return (
    <button
      type="button"
      className="palette-entry"
      draggable
      title={node.description}
      onClick={() => onAdd(node)}
      onDragStart={(event) => {
        event.dataTransfer.setData(DRAG_TYPE, type);
        event.dataTransfer.effectAllowed = 'copy';
      }}
    >
      <NodeIcon svg={icon} hue={catalog.hueOf(node)} size="s" />
      <span className="palette-title">{node.title}</span>
    </button>
  );
}
