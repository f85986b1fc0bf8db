import { useId, useLayoutEffect, useRef, useState, type FormEvent } from 'react';
import { useStore } from 'zustand';
import { logIn, type ApiError } from '../api/client';
import { admission } from '../api/login';
import { sentence } from '../text/sentence';
import '../ui/button.css';
import { Icon } from '../ui/Icon';
import '../ui/dialog.css';
import '../form/form.css';
import './login.css';

/** Asks for the host's token when it wants one, over whatever is open. The page behind stays as it is. */
export function TokenGate() {
  return useStore(admission, ({ asked }) => asked) && <TokenDialog />;
}

/** Without the token nothing here works: it can't be closed. */
function TokenDialog() {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const [token, setToken] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    input.current?.focus();
    return () => element?.close();
  }, []);

  const show = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    if (token.trim() === '') return input.current?.focus();
    setBusy(true);
    setError(undefined);
    const answer = await logIn(token.trim());
    if (answer.ok) return;
    setBusy(false);
    setError(answer.error);
    input.current?.select();
  };
  const problem = error && (error.status === 401 ? 'This is not the host’s token. Look for the one that it was started with.' : sentence(error.message));
  return (
    <dialog ref={dialog} className="dialog token" closedby="none" aria-labelledby={`${id}-title`} aria-describedby={`${id}-lead`} onCancel={(event) => event.preventDefault()}>
      <form onSubmit={(event) => void show(event)} noValidate>
        <header className="dialog-head">
          <h2 id={`${id}-title`}>
            <Icon name="key" /> This host needs its token
          </h2>
        </header>
        <div className="dialog-body">
          <p id={`${id}-lead`} className="dialog-lead">
            It is in the file that <code>--token-file</code> names, or in <code>CANVAS_MEMORY_TOKEN</code>, where the host was started. What you have open here waits.
          </p>
          <div className="field">
            <label className="field-label" htmlFor={`${id}-token`}>
              Token
            </label>
            <input
              ref={input}
              id={`${id}-token`}
              className="control"
              type="password"
              data-mono
              autoComplete="current-password"
              spellCheck={false}
              aria-invalid={problem !== undefined || undefined}
              aria-describedby={problem === undefined ? undefined : `${id}-problem`}
              value={token}
              onChange={(event) => {
                setToken(event.target.value);
                setError(undefined);
              }}
            />
            <p id={`${id}-problem`} className="field-problem" role="alert">
              {problem}
            </p>
          </div>
        </div>
        <footer className="dialog-foot">
          {/* A submit button, so that Enter sends the form. */}
          <button type="submit" className="button" data-look="primary" disabled={busy}>
            Continue
          </button>
        </footer>
      </form>
    </dialog>
  );
}
