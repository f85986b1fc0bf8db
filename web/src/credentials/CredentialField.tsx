import { useId } from 'react';
import { useStore } from 'zustand';
import type { FlowNode } from '../flow/document';
import { openDialog } from '../layout/dialogs';
import { slotRequired } from '../manifest/catalog';
import type { CredentialSlot } from '../manifest/types';
import { useCommands } from '../page';
import { Button, IconButton } from '../ui/Button';
import { Select } from '../ui/Select';
import { credentialNames } from './names';
import './credentials.css';

/** The credential in a node's slot: choose one that fits, change it, or make one. */
export function CredentialField({ node, slot }: { node: FlowNode; slot: CredentialSlot }) {
  const id = useId();
  const commands = useCommands();
  const all = useStore(credentialNames, (state) => state.all);
  const fitting = all.filter((credential) => slot.types.includes(credential.type));
  const required = slotRequired(slot, node.inputs);
  const { credential } = node;
  const missing = credential !== undefined && !fitting.some((one) => one.id === credential);
  const none = fitting.length === 0 && credential === undefined;
  const create = () => openDialog({ kind: 'newCredential', types: slot.types, node: node.id });
  return (
    <div className="field">
      <div className="field-head">
        {none ? <span className="field-label">{slot.title}</span> : <label className="field-label" htmlFor={id}>{slot.title}</label>}
        {required && credential === undefined && <span className="field-required">required</span>}
      </div>
      {none ? (
        <Button icon="key" onClick={create}>New {slot.title}</Button>
      ) : (
        <div className="credential-choice">
          <Select
            id={id}
            value={credential ?? ''}
            aria-required={required || undefined}
            aria-invalid={missing || undefined}
            onChange={(event) => commands.setCredential(node.id, event.target.value === '' ? undefined : event.target.value)}
          >
            <option value="">{required ? 'Choose…' : 'None'}</option>
            {missing && <option value={credential}>Not here any more</option>}
            {fitting.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </Select>
          {credential !== undefined && !missing && (
            <IconButton icon="rename" label={`Edit this ${slot.title}`} onClick={() => openDialog({ kind: 'editCredential', id: credential, node: node.id })} />
          )}
          <IconButton icon="add" label={`New ${slot.title}`} onClick={create} />
        </div>
      )}
      {missing && <p className="field-problem">The credential is not here any more. Choose another one.</p>}
    </div>
  );
}
