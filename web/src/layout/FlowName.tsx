import { useCommands, useFlow } from '../page';

export function FlowName() {
  const commands = useCommands();
  const name = useFlow((state) => state.doc.name);
  return (
    <span className="flow-name">
      <h1 className="visually-hidden">{name === '' ? 'Untitled flow' : name}</h1>
      {/* Gives the field the width of its text. */}
      <span aria-hidden="true">{name === '' ? 'Untitled flow' : name}</span>
      <input
        aria-label="Name of the flow"
        placeholder="Untitled flow"
        value={name}
        maxLength={120}
        spellCheck={false}
        onChange={(event) => commands.renameFlow(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' || event.key === 'Escape') event.currentTarget.blur();
        }}
      />
    </span>
  );
}
