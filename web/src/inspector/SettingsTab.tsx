import { useCallback } from 'react';
import { nodes as api } from '../api/nodes';
import { CredentialField } from '../credentials/CredentialField';
import type { FlowNode } from '../flow/document';
import { Form } from '../form/Form';
import type { FormContext } from '../form/context';
import { slotShown } from '../manifest/catalog';
import type { NodeDeclaration } from '../manifest/types';
import { useCommands } from '../page';
import { NodeHealth } from '../run/NodeHealth';
import { useFieldErrors } from './useFieldErrors';

export function SettingsTab({ node, declaration }: { node: FlowNode; declaration: NodeDeclaration }) {
  const commands = useCommands();
  const errors = useFieldErrors(node);
  const { credentials, type } = declaration['x-node'];
  const { inputs, credential } = node;

  const lookUp = useCallback<NonNullable<FormContext['lookUp']>>(
    async (method, signal) => {
      const answer = await api.options({ type, method, inputs, ...(credential !== undefined && { credential }) }, signal);
      return answer.ok ? { ok: true, value: answer.value.choices } : answer;
    },
    [type, inputs, credential],
  );

  const slots = credentials.filter((slot) => slotShown(slot, inputs));
  const nothing = slots.length === 0 && Object.keys(declaration.properties ?? {}).length === 0;
  return (
    <div className="inspector-body">
      <NodeHealth node={node} />
      {nothing && <p className="inspector-quiet">This node has no settings.</p>}
      {slots.map((slot) => (
        <CredentialField key={slot.title} node={node} slot={slot} />
      ))}
      <Form schema={declaration} values={inputs} errors={errors} lookUp={lookUp} onChange={(name, value) => commands.setInput(node.id, name, value)} />
    </div>
  );
}
