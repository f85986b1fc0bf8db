import { useCallback } from 'react';
import { inputPort, outputPort, search } from '../manifest/catalog';
import { candidates, fittingPort, type PortRef } from '../manifest/ports';
import type { NodeDeclaration } from '../manifest/types';
import { usePage, useView, type PickerRequest } from '../page';
import { NodeIcon } from '../ui/Icon';
import { Picker, type PickerItem } from '../ui/Picker';
import { say } from '../ui/toasts';
import { addNode } from './addNode';
import { focusNode } from './focusNode';

/** The lists that open at a point of the canvas. */
export function Pickers() {
  const picker = useView((state) => state.picker);
  if (!picker) return null;
  return picker.kind === 'add' ? <QuickAdd request={picker} /> : <ConnectTo request={picker} />;
}

function QuickAdd({ request }: { request: Extract<PickerRequest, { kind: 'add' }> }) {
  const { catalog, flow, view } = usePage();
  const { from, position } = request;
  const items = useCallback(
    (query: string): PickerItem[] => {
      const { doc } = flow.getState();
      return search(catalog, query)
        .filter((node) => !from || fittingPort(catalog, node, from, doc))
        .sort(byCategory(catalog.categories.map(({ name }) => name), query))
        .map((node) => ({
          id: node['x-node'].type,
          title: node.title,
          section: node['x-node'].category,
          icon: <NodeIcon svg={node['x-node'].icon} hue={catalog.hueOf(node)} size="s" />,
          ...(node.description !== undefined && { note: node.description }),
          act: () => focusNode(addNode(flow, catalog, node, position, from)),
        }));
    },
    [catalog, flow, from, position],
  );
  return (
    <Picker
      anchor={request.at}
      label={from ? 'Add a node that fits' : 'Add a node'}
      placeholder={from ? 'Add a node that fits…' : 'Add a node…'}
      items={items}
      empty={from ? 'No node fits this port.' : 'No node is called that.'}
      onClose={() => view.setState({ picker: undefined })}
    />
  );
}

/** Every port that the node's ports could be joined with: the way to connect without a pointer. */
function ConnectTo({ request }: { request: Extract<PickerRequest, { kind: 'connect' }> }) {
  const { catalog, flow, view } = usePage();
  const items = useCallback(
    (query: string): PickerItem[] => {
      const { doc } = flow.getState();
      const node = doc.nodes.find(({ id }) => id === request.node);
      const declaration = node && catalog.node(node.type);
      if (!declaration) return [];
      const { inputPorts, outputPorts } = declaration['x-node'];
      const ends: PortRef[] = [
        ...outputPorts.map((port) => ({ node: request.node, port: port.id, side: 'source' as const })),
        ...inputPorts.map((port) => ({ node: request.node, port: port.id, side: 'target' as const })),
      ];
      return ends.flatMap((from) => {
        const own = from.side === 'source' ? outputPort(declaration, from.port) : inputPort(declaration, from.port);
        return candidates(catalog, doc, from)
          .map((candidate) => {
            const name = candidate.node.name ?? candidate.declaration.title;
            return {
              id: `${from.side} ${from.port} ${candidate.node.id} ${candidate.port.id}`,
              title: `${name} · ${candidate.port.title}`,
              section: from.side === 'source' ? `Give ${own?.title} to` : `Take ${own?.title} from`,
              icon: <NodeIcon svg={candidate.declaration['x-node'].icon} hue={catalog.hueOf(candidate.declaration)} size="s" />,
              ...(!candidate.verdict.ok && { refusal: candidate.verdict.reason }),
              act: () => {
                flow.commands.connect(candidate.edge);
                say(`Connected with ${name}.`);
                focusNode(request.node);
              },
            };
          })
          .filter(({ title }) => title.toLocaleLowerCase().includes(query.trim().toLocaleLowerCase()));
      });
    },
    [catalog, flow, request.node],
  );
  return (
    <Picker
      anchor={request.at}
      label="Connect to"
      placeholder="Connect to…"
      items={items}
      empty="There is nothing to connect to. Add a node first."
      onClose={() => view.setState({ picker: undefined })}
    />
  );
}


function byCategory(order: string[], query: string) {
  const place = (node: NodeDeclaration) => (query.trim() === '' ? order.indexOf(node['x-node'].category) : 0);
  return (left: NodeDeclaration, right: NodeDeclaration) => place(left) - place(right);
}
