import { useId, useMemo, useRef, useState } from 'react';
import { useStore } from 'zustand';
import type { Answer, ApiError } from '../api/client';
import { credentials as api, type Health, type ShownCredential } from '../api/credentials';
import type { FlowNode } from '../flow/document';
import { fieldErrorOf } from '../form/fieldError';
import { Form } from '../form/Form';
import { useCatalog, useCommands } from '../page';
import { Failure, Findings } from '../run/Findings';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { Select } from '../ui/Select';
import { say } from '../ui/toasts';
import { draftProblems, firstFields, freeName, NOTHING_SAVED, patchOf, targetOf } from './draft';
import { credentialNames, refreshCredentialNames } from './names';
import './credentials.css';

interface FormProps {
  types: readonly string[];
  saved?: ShownCredential;
  /** The node that is to have it, and whose inputs say where it is tried. */
  node: FlowNode | undefined;
  onClose: () => void;
}

const EMPTY = {};

/** Writes a credential, tries it and saves it. What was typed stays until it is saved or given up. */
export function CredentialForm({ types, saved, node, onClose }: FormProps) {
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const catalog = useCatalog();
  const commands = useCommands();
  const names = useStore(credentialNames, ({ all }) => all);
  const [type, setType] = useState(types[0] ?? '');
  const schema = catalog.credential(type) ?? EMPTY_DECLARATION;
  const savedNames = useMemo(() => (saved ? new Set(Object.keys(saved.fields)) : NOTHING_SAVED), [saved]);
  const [name, setName] = useState(() => saved?.credential?.name ?? freeName(schema.title, names.map((other) => other.name)));
  const [fields, setFields] = useState(() => firstFields(schema, savedNames));
  const [touched, setTouched] = useState(false);
  const [strict, setStrict] = useState(false);
  const [work, setWork] = useState<'testing' | 'saving'>();
  const [verdict, setVerdict] = useState<Answer<Health>>();
  const [refusal, setRefusal] = useState<ApiError>();
  const [leaving, setLeaving] = useState(false);

  const changed = () => {
    setTouched(true);
    setVerdict(undefined);
    setRefusal(undefined);
  };
  const put = (next: Readonly<Record<string, unknown>>) => {
    setFields(next);
    changed();
  };
  const choose = (next: string) => {
    const declaration = catalog.credential(next);
    if (!declaration) return;
    setType(next);
    setFields(firstFields(declaration, NOTHING_SAVED));
    setName((before) => (before === schema.title ? freeName(declaration.title, names.map((other) => other.name)) : before));
    changed();
  };

  const busy = work !== undefined;
  /** Whether the form can be sent; shows what is missing. */
  const ready = () => {
    if (busy) return false;
    setStrict(true);
    if (name.trim() !== '' && Object.keys(draftProblems(schema, fields, savedNames)).length === 0) return true;
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
    return false;
  };

  const test = async (): Promise<Answer<Health>> => {
    setWork('testing');
    setRefusal(undefined);
    const declaration = node && catalog.node(node.type);
    const answer = await api.test({
      type,
      fields: patchOf(schema, fields, savedNames),
      ...(saved && { id: saved.id }),
      ...(node && declaration && { target: targetOf(declaration, node.inputs) }),
    });
    setVerdict(answer);
    setWork(undefined);
    return answer;
  };

  const save = async () => {
    setWork('saving');
    const given = { name: name.trim(), fields: patchOf(schema, fields, savedNames) };
    const answer = saved ? await api.change(saved.id, given) : await api.create({ type, ...given });
    setWork(undefined);
    if (!answer.ok) {
      setRefusal(answer.error);
      return;
    }
    if (node) commands.setCredential(node.id, answer.value.id);
    await refreshCredentialNames();
    onClose();
    say(node && !saved ? `${given.name} is saved and connected.` : `${given.name} is saved.`);
  };

  /** What is found on the way is shown first, and then saved by a second press. */
  const testAndSave = async () => {
    if (!ready()) return;
    const answer = await test();
    if (answer.ok && answer.value.findings.every(({ level }) => level === 'ok')) await save();
  };

  const errors = refusal ?? (verdict && !verdict.ok ? verdict.error : undefined);
  const atField = (errors && fieldErrorOf(errors)) ?? EMPTY;
  const title = saved ? `Edit ${saved.credential?.name ?? 'credential'}` : `New ${schema.title} credential`;
  const close = () => (touched && !leaving ? setLeaving(true) : onClose());

  return (
    <Dialog
      title={title}
      width={520}
      onClose={close}
      footer={
        leaving ? (
          <>
            <p className="dialog-note" role="alert">What you typed is not saved.</p>
            <Button key="keep" autoFocus onClick={() => setLeaving(false)}>Keep editing</Button>
            <Button key="discard" look="danger" onClick={onClose}>Discard</Button>
          </>
        ) : (
          <>
            <span className="dialog-aside">
              {verdict === undefined && <Button look="quiet" aria-disabled={busy} onClick={() => void (ready() && test())}>Test</Button>}
            </span>
            {verdict?.ok === false && (
              <Button aria-disabled={busy} onClick={() => void (ready() && save())}>Save anyway</Button>
            )}
            {verdict?.ok === true ? (
              <Button look="primary" aria-disabled={busy} onClick={() => void (ready() && save())}>
                {work === 'saving' ? 'Saving…' : 'Save'}
              </Button>
            ) : (
              <Button look="primary" aria-disabled={busy} onClick={() => void testAndSave()}>
                {work === 'testing' ? 'Testing…' : work === 'saving' ? 'Saving…' : verdict ? 'Test again' : 'Test and save'}
              </Button>
            )}
          </>
        )
      }
    >
      <form
        ref={form}
        className="credential-form"
        autoComplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          void testAndSave();
        }}
      >
        {types.length > 1 && (
          <div className="field">
            <label className="field-label" htmlFor={`${id}-type`}>Type</label>
            <Select id={`${id}-type`} value={type} onChange={(event) => choose(event.target.value)} data-autofocus>
              {types.map((one) => (
                <option key={one} value={one}>{catalog.credential(one)?.title ?? one}</option>
              ))}
            </Select>
          </div>
        )}
        <div className="field">
          <label className="field-label" htmlFor={`${id}-name`}>Name</label>
          <input
            id={`${id}-name`}
            className="control"
            data-autofocus={types.length === 1 || undefined}
            value={name}
            maxLength={200}
            autoComplete="off"
            aria-invalid={(strict && name.trim() === '') || undefined}
            onChange={(event) => {
              setName(event.target.value);
              changed();
            }}
          />
          {strict && name.trim() === '' && <p className="field-problem">Give it a name.</p>}
        </div>
        <Form
          key={type}
          schema={schema}
          values={fields}
          errors={atField}
          strict={strict}
          savedSecrets={savedNames}
          onChange={(field, value) => put(withField(fields, field, value))}
          onReplace={put}
        />
        {/* Lets Enter in a field send the form. */}
        <button type="submit" hidden />
      </form>
      <div className="verdict" aria-live="polite">
        {verdict?.ok && (
          <>
            <p className="verdict-good">It works.</p>
            <Findings findings={verdict.value.findings} />
          </>
        )}
        {errors && (
          <Failure error={errors}>{errors.kind === 'offline' ? <p>What you typed stays here. Start the host and try again.</p> : null}</Failure>
        )}
      </div>
    </Dialog>
  );
}

const EMPTY_DECLARATION = { title: '', 'x-credential': { type: '', version: 1, docs: '' } };

function withField(fields: Readonly<Record<string, unknown>>, name: string, value: unknown): Record<string, unknown> {
  const { [name]: _, ...rest } = fields;
  return value === undefined ? rest : { ...fields, [name]: value };
}
