import { useStore } from 'zustand';
import { dismiss, toasts } from './toasts';
import { Button, IconButton } from './Button';
import './toasts.css';

export function Toasts() {
  const shown = useStore(toasts, (state) => state.shown);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map(({ id, text, tone, action }) => (
        <div key={id} className="toast" data-tone={tone}>
          <span>{text}</span>
          {action && (
            <Button
              look="quiet"
              onClick={() => {
                dismiss(id);
                action.act();
              }}
            >
              {action.label}
            </Button>
          )}
          <IconButton icon="close" label="Dismiss" onClick={() => dismiss(id)} />
        </div>
      ))}
    </div>
  );
}
