import { useEffect, useRef, useState } from 'react';
import { useStore } from 'zustand';
import type { SaveState } from '../flow/autosave';
import { usePage } from '../page';
import { Icon } from '../ui/Icon';
import { Button } from '../ui/Button';
import { say } from '../ui/toasts';

/** Whether the flow is saved. What needs a decision says so, and offers it. */
export function SaveNote() {
  const { autosave } = usePage();
  const save = useStore(autosave.status, (state) => state.save);
  return (
    <>
      <Shown save={save} />
      <SavedAgain is={save.is} />
    </>
  );
}

/** Tells a screen reader that what was not saved is saved now. What went well from the first is no news. */
function SavedAgain({ is }: { is: SaveState['is'] }) {
  const [trouble, setTrouble] = useState(false);
  const before = useRef(is);
  useEffect(() => {
    if (is === 'offline' || is === 'failed' || is === 'elsewhere') setTrouble(true);
    else if (before.current === 'saved') setTrouble(false);
    before.current = is;
  }, [is]);
  return (
    <p className="visually-hidden" role="status">
      {trouble && is === 'saved' ? 'Saved again.' : ''}
    </p>
  );
}

function Shown({ save }: { save: SaveState }) {
  const { autosave } = usePage();
  const reload = async () => {
    const error = await autosave.reload();
    if (error) say(error.message, { tone: 'bad' });
  };
  if (save.is === 'elsewhere') {
    return (
      <div className="save-note" data-is="elsewhere" role="alert">
        <Icon name="alert" />
        <span>Changed elsewhere</span>
        <Button look="quiet" onClick={() => void reload()} title="Takes what is saved; what you changed here since is gone">
          Reload
        </Button>
        <Button look="quiet" onClick={() => void autosave.overwrite()} title="Saves what is here over it">
          Overwrite
        </Button>
      </div>
    );
  }
  return (
    // What goes well is not announced: it would be at every letter.
    <div className="save-note" data-is={save.is} role={save.is === 'offline' || save.is === 'failed' ? 'alert' : undefined} title={hintOf(save)}>
      {save.is === 'offline' && <Icon name="cloudOff" />}
      {save.is === 'failed' && <Icon name="alert" />}
      <span>{textOf(save)}</span>
      {save.is === 'failed' && (
        <Button look="quiet" onClick={() => void autosave.flush()}>
          Try again
        </Button>
      )}
    </div>
  );
}

function textOf(save: SaveState): string {
  switch (save.is) {
    case 'saved':
      return 'Saved';
    case 'unsaved':
    case 'saving':
      return 'Saving…';
    case 'offline':
      return 'Offline, kept here';
    case 'elsewhere':
      return 'Changed elsewhere';
    case 'failed':
      return `Not saved: ${save.error.message}`;
  }
}

function hintOf(save: SaveState): string | undefined {
  return save.is === 'offline' ? 'The host does not answer. Saving is tried again; keep this window open.' : undefined;
}
