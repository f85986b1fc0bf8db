import { usePage, useCommands, useFlow, useView } from '../page';
import { MOD } from '../canvas/keys';
import { FlowMenu } from '../flows/FlowMenu';
import { Button, IconButton } from '../ui/Button';
import { FlowName } from './FlowName';
import { toggleChat } from './panels';
import { SaveNote } from './SaveNote';

export function TopBar() {
  const { view } = usePage();
  const commands = useCommands();
  const canUndo = useFlow((state) => state.history.past.at(-1)?.label);
  const canRedo = useFlow((state) => state.history.future[0]?.label);
  const palette = useView((state) => state.palette);
  const chat = useView((state) => state.chat);
  return (
    <header className="bar">
      <div className="bar-part">
        {!palette && <IconButton icon="panelLeft" label="Show the palette" keys="/" onClick={() => view.setState({ palette: true })} />}
        <FlowMenu />
        <FlowName />
        <SaveNote />
      </div>
      <div className="bar-part">
        <IconButton icon="undo" label={canUndo === undefined ? 'Undo' : `Undo: ${canUndo}`} keys={`${MOD}Z`} disabled={canUndo === undefined} onClick={commands.undo} />
        <IconButton icon="redo" label={canRedo === undefined ? 'Redo' : `Redo: ${canRedo}`} keys={`${MOD}Shift Z`} disabled={canRedo === undefined} onClick={commands.redo} />
        <span className="bar-gap" />
        <IconButton className="bar-help" icon="help" label="Keys and help" keys="?" onClick={() => view.setState({ help: true })} />
        <Button className="bar-chat" look={chat ? 'plain' : 'primary'} icon="chat" aria-expanded={chat} onClick={() => toggleChat(view)}>
          <span>{chat ? 'Hide chat' : 'Chat'}</span>
        </Button>
      </div>
    </header>
  );
}
