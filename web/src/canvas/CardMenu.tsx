import type { FlowNode } from '../flow/document';
import { fragmentOf } from '../flow/clipboard';
import { useCommands, useFlow, usePage, useView } from '../page';
import { Menu } from '../ui/Menu';
import type { Anchor } from '../ui/Popover';
import { copyFragment } from './copy';
import { MOD } from './keys';

/** What can be done with one card. */
export function CardMenu() {
  const { view } = usePage();
  const menu = useView((state) => state.menu);
  const node = useFlow((state) => state.doc.nodes.find(({ id }) => id === menu?.node));
  if (!menu || !node) return null;
  return <MenuOf node={node} anchor={menu.anchor} onClose={() => view.setState({ menu: undefined })} />;
}

function MenuOf({ node, anchor, onClose }: { node: FlowNode; anchor: Anchor; onClose: () => void }) {
  const commands = useCommands();
  const { flow, view } = usePage();
  const point = anchor instanceof Element ? { x: anchor.getBoundingClientRect().left, y: anchor.getBoundingClientRect().bottom + 4 } : anchor;
  const fragment = () => fragmentOf(flow.getState().doc, new Set([node.id]));
  const show = (inspectorTab: string) => {
    commands.select([node.id]);
    view.setState({ inspector: true, inspectorTab });
  };
  return (
    <Menu
      anchor={anchor}
      label="Actions"
      onClose={onClose}
      items={[
        { label: 'Settings', icon: 'settings', keys: 'Enter', act: () => show('settings') },
        { label: 'Docs', icon: 'docs', act: () => show('docs') },
        { label: 'Connect to…', icon: 'connect', keys: 'L', act: () => view.setState({ picker: { kind: 'connect', at: point, node: node.id } }) },
        { label: 'Rename', icon: 'rename', keys: 'F2', apart: true, act: () => view.setState({ renaming: node.id }) },
        { label: 'Copy', icon: 'copy', keys: `${MOD}C`, act: () => void copyFragment(fragment()) },
        { label: 'Duplicate', icon: 'add', keys: `${MOD}D`, act: () => commands.paste(fragment(), undefined) },
        { label: 'Delete', icon: 'trash', keys: 'Del', danger: true, apart: true, act: () => commands.remove([node.id], []) },
      ]}
    />
  );
}
