import { useEffect, useRef, type KeyboardEvent } from 'react';
import type { FlowNode } from '../flow/document';
import { useCommands, usePage } from '../page';

interface CardNameProps {
  node: FlowNode;
  title: string;
  renaming: boolean;
  onDone: () => void;
}

/** The name on a card; F2 or a double click writes it anew. Empty, it is the type's title again. */
export function CardName({ node, title, renaming, onDone }: CardNameProps) {
  const { view } = usePage();
  if (renaming) return <NameField node={node} title={title} onDone={onDone} />;
  return (
    <p className="card-name" title={node.name ?? title} onDoubleClick={() => view.setState({ renaming: node.id })}>
      {node.name ?? title}
    </p>
  );
}

function NameField({ node, title, onDone }: Omit<CardNameProps, 'renaming'>) {
  const commands = useCommands();
  const input = useRef<HTMLInputElement>(null);
  // Giving the focus back takes it from the field, which would end it once more.
  const ended = useRef(false);
  useEffect(() => input.current?.select(), []);

  const end = (save: boolean) => {
    if (ended.current) return;
    ended.current = true;
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
