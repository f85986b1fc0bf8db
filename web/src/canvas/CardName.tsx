import { useEffect, useRef, type KeyboardEvent } from 'react';
import type { FlowNode } from '../flow/document';
import { useCommands, usePage } from '../page';

/** The name on a card; F2 or a double click writes it anew. Empty, it is the type's title again. */
export function CardName({ node, title, renaming, onDone }: { node: FlowNode; title: string; renaming: boolean; onDone: () => void }) {
  const commands = useCommands();
  const { view } = usePage();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.select(), [renaming]);

  if (!renaming) {
    return (
      <p className="card-name" title={node.name ?? title} onDoubleClick={() => view.setState({ renaming: node.id })}>
        {node.name ?? title}
      </p>
    );
  }
  const end = (save: boolean) => {
    const text = input.current?.value ?? '';
    if (save) commands.renameNode(node.id, text.trim() === title ? '' : text);
    onDone();
    input.current?.closest<HTMLElement>('.react-flow__node')?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === 'Enter') end(true);
    if (event.key === 'Escape') end(false);
  };
  return (
    <input
      ref={input}
      className="card-name-input nodrag nopan"
      aria-label="Name of the node"
      autoFocus
      defaultValue={node.name ?? title}
      placeholder={title}
      maxLength={120}
      onKeyDown={onKeyDown}
      onBlur={() => end(true)}
    />
  );
}
