import { useId } from 'react';
import { useStore } from 'zustand';
import type { FlowNode } from '../flow/document';
import { slotRequired } from '../manifest/catalog';
import type { CredentialSlot } from '../manifest/types';
import { useCommands } from '../page';
import { Select } from '../ui/Select';
import { credentialNames } from './names';

/** The credential in a node's slot: choose one that fits. */
export function CredentialField({ node, slot }: { node: FlowNode; slot: CredentialSlot }) {
  const id = useId();
  const commands = useCommands();
  const all = useStore(credentialNames, (state) => state.all);
  const fitting = all.filter((credential) => slot.types.includes(credential.type));
  const required = slotRequired(slot, node.inputs);
  const missing = node.credential !== undefined && !fitting.some((credential) => credential.id === node.credential);
  return (
    <div className="field">
      <div className="field-head">
        <label className="field-label" htmlFor={id}>{slot.title}</label>
        {required && node.credential === undefined && <span className="field-required">required</span>}
      </div>
      <Select
        id={id}
        value={node.credential ?? ''}
        aria-required={required || undefined}
        onChange={(event) => commands.setCredential(node.id, event.target.value === '' ? undefined : event.target.value)}
      >
        <option value="">{required ? 'Choose…' : 'None'}</option>
        {missing && <option value={node.credential}>Not here any more</option>}
        {fitting.map((credential) => (
          <option key={credential.id} value={credential.id}>
            {credential.name}
          </option>
        ))}
      </Select>
    </div>
  );
}
