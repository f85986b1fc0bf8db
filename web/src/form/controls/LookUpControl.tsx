import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';
import type { Choice } from '../../api/nodes';
import { Icon } from '../../ui/Icon';
import { Popover } from '../../ui/Popover';
import { useForm } from '../context';
import type { ControlProps, Ties } from '../FieldRow';
import type { FieldOf } from '../fields';
import { hintOf } from './TextControl';

type LookUp = { is: 'asking' } | { is: 'known'; choices: Choice[] } | { is: 'failed'; message: string };

/** Text whose choices the host looks up when they are asked for. Other values stay allowed. */
export function LookUpControl({ field, ties, value, onChange }: ControlProps<FieldOf<'text'>> & { ties: Ties }) {
  const { lookUp, values } = useForm();
  const input = useRef<HTMLInputElement>(null);
  const listId = useId();
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState(false);
  const [at, setAt] = useState(-1);
  const [state, setState] = useState<LookUp>({ is: 'asking' });
  const method = field.options?.method;
  const depends = JSON.stringify((field.options?.dependsOn ?? []).map((name) => values[name]));
  const text = typeof value === 'string' ? value : '';

  useEffect(() => {
    if (!open || method === undefined || !lookUp) return undefined;
    const stop = new AbortController();
    setState({ is: 'asking' });
    void lookUp(method, stop.signal).then((answer) => {
      if (stop.signal.aborted) return;
      setState(answer.ok ? { is: 'known', choices: answer.value } : { is: 'failed', message: answer.error.message });
    });
    return () => stop.abort();
  }, [open, method, lookUp, depends]);

  const choices = state.is === 'known' ? state.choices.filter((choice) => !typed || holds(choice, text)) : [];
  const choose = (choice: Choice | undefined) => {
    if (choice) onChange(choice.value);
    setOpen(false);
  };
  const show = () => {
    setTyped(false);
    setAt(-1);
    setOpen(true);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (!open) return show();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      if (choices.length > 0) setAt((at + step + choices.length) % choices.length);
    } else if (event.key === 'Enter' && open && at >= 0) {
      event.preventDefault();
      choose(choices[at]);
    } else if (event.key === 'Tab') {
      setOpen(false);
    }
  };

  return (
    <div className="look-up">
      <input
        {...ties}
        ref={input}
        className="control"
        type="text"
        role="combobox"
        aria-expanded={open}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={open && at >= 0 ? `${listId}-${at}` : undefined}
        autoComplete="off"
        spellCheck={false}
        placeholder={hintOf(field)}
        value={text}
        onChange={(event) => {
          onChange(event.target.value === '' ? undefined : event.target.value);
          setTyped(true);
          setAt(-1);
        }}
        onKeyDown={onKeyDown}
      />
      {lookUp && (
        <button
          type="button"
          className="look-up-open"
          tabIndex={-1}
          aria-label={`Show choices for ${field.title}`}
          onClick={() => {
            show();
            input.current?.focus();
          }}
        >
          <Icon name="chevronDown" />
        </button>
      )}
      {open && lookUp && input.current && (
        <Popover anchor={input.current} onClose={() => setOpen(false)} label={`Choices for ${field.title}`} width={input.current.offsetWidth}>
          <div id={listId} role="listbox" aria-label={field.title}>
            {choices.map((choice, index) => (
              <div
                key={choice.value}
                id={`${listId}-${index}`}
                role="option"
                className="picker-item"
                aria-selected={index === at}
                onPointerMove={() => setAt(index)}
                onPointerDown={(event) => event.preventDefault()}
                onClick={() => choose(choice)}
              >
                <span>{choice.title ?? choice.value}</span>
              </div>
            ))}
          </div>
          <LookUpNote state={state} none={choices.length === 0} />
        </Popover>
      )}
    </div>
  );
}

function LookUpNote({ state, none }: { state: LookUp; none: boolean }) {
  if (state.is === 'asking') return <p className="look-up-note" role="status">Looking…</p>;
  if (state.is === 'failed') return <p className="look-up-note" role="status">{state.message} You can type it.</p>;
  return none ? <p className="look-up-note" role="status">Nothing found. You can type it.</p> : null;
}

function holds(choice: Choice, text: string): boolean {
  const wanted = text.toLocaleLowerCase();
  return `${choice.title ?? ''} ${choice.value}`.toLocaleLowerCase().includes(wanted);
}
