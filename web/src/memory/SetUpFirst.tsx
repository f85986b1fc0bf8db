import type { ReactNode } from 'react';
import { useGone } from '../credentials/names';
import type { FlowNode } from '../flow/document';
import { setupProblems } from '../manifest/setup';
import { useCatalog, useFlow, usePage } from '../page';
import { sentence } from '../text/sentence';
import { Button } from '../ui/Button';
import { Blank } from './Blank';

/** Shows what a node's store holds, once the node has all that it needs to be asked. */
export function SetUpFirst({ node, children }: { node: FlowNode; children: ReactNode }) {
  const catalog = useCatalog();
  const { view } = usePage();
  useGone(node.credential);
  const missing = useFlow(({ doc }) => setupProblems(catalog, node, doc.edges)[0]?.message);
  if (missing === undefined) return children;
  return (
    <Blank icon="settings" title="Not set up yet" text={`${sentence(missing)} Then this shows what it holds.`}>
      <Button onClick={() => view.setState({ inspectorTab: 'settings' })}>Open the settings</Button>
    </Blank>
  );
}
