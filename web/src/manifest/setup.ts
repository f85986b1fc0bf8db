import { isGone } from '../credentials/names';
import type { FlowDocument, FlowNode } from '../flow/document';
import { inputFields } from '../form/fields';
import { isSet, problemOf } from '../form/check';
import { slotRequired, slotShown, type Catalog } from './catalog';

/** What keeps a node from running, as far as the declaration tells. */
export interface SetupProblem {
  /** The input or port; `credential` for the slot. */
  field: string;
  message: string;
}

export function setupProblems(catalog: Catalog, node: FlowNode, edges: FlowDocument['edges']): SetupProblem[] {
  const declaration = catalog.node(node.type);
  if (!declaration) return [{ field: 'type', message: `${node.type} is not installed here` }];
  const { inputPorts, credentials } = declaration['x-node'];
  const inputs = inputFields(declaration).flatMap((field) => {
    const problem = problemOf(field, node.inputs[field.name]);
    if (problem === undefined) return [];
    const message = isSet(node.inputs[field.name]) ? `${field.title}: ${problem}` : `Fill in ${field.title}`;
    return [{ field: field.name, message }];
  });
  const slots = credentials.flatMap((slot) => {
    if (node.credential !== undefined && slotShown(slot, node.inputs) && isGone(node.credential)) {
      return [{ field: 'credential', message: `The ${slot.title} was deleted. Choose another` }];
    }
    return slotRequired(slot, node.inputs) && node.credential === undefined ? [{ field: 'credential', message: `Choose the ${slot.title}` }] : [];
  });
  const ports = inputPorts
    .filter((port) => port.required && !edges.some((edge) => edge.target === node.id && edge.targetHandle === port.id))
    .map((port) => ({ field: port.id, message: `Connect the ${port.title}` }));
  return [...inputs, ...slots, ...ports];
}
