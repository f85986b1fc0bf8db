import { Fragment, type ReactNode } from 'react';
import type { FlowProblem } from '../api/flows';
import { focusNode } from '../canvas/focusNode';
import { nodeOf } from '../flow/lookups';
import { setupProblems } from '../manifest/setup';
import { useCatalog, useFlow, usePage } from '../page';
import { sentence } from '../text/sentence';

const SHOWN = 4;

/** What keeps the flow from running. A node that is named can be gone to. */
export function Blocked({ problems }: { problems: readonly FlowProblem[] }) {
  const more = problems.length - SHOWN;
  return (
    <div className="chat-foot chat-blocked" role="status">
      <p>
        <strong>This flow can’t run yet</strong>
      </p>
      <ul>
        {problems.slice(0, SHOWN).map((problem, at) => (
          <li key={at}>
            {problem.node != null && (
              <>
                <NodeLink id={problem.node} />
                {': '}
              </>
            )}
            <Problem problem={problem} />
          </li>
        ))}
      </ul>
      {more > 0 && <p>and {more} more</p>}
    </div>
  );
}

function Problem({ problem: { node: id, field, message } }: { problem: FlowProblem }) {
  const catalog = useCatalog();
  const node = useFlow((state) => (id == null ? undefined : nodeOf(state.doc.nodes, id)));
  if (!node) return <Message text={id == null ? sentence(message) : message} />;
  // The host knows credentials by their types; people know them by their names.
  const own = field === 'credential' ? setupProblems(catalog, node, []).find((problem) => problem.field === field)?.message : undefined;
  return <Message text={own ?? message} />;
}

/** A message names nodes by their ids, as code. */
function Message({ text }: { text: string }) {
  return (
    <>
      {text.split('`').map((part, at) => (
        <Fragment key={at}>{at % 2 === 0 ? part : <NodeLink id={part} otherwise={<code>{part}</code>} />}</Fragment>
      ))}
    </>
  );
}

function NodeLink({ id, otherwise = null }: { id: string; otherwise?: ReactNode }) {
  const catalog = useCatalog();
  const { flow, view } = usePage();
  const node = useFlow((state) => nodeOf(state.doc.nodes, id));
  if (!node) return otherwise;
  const go = () => {
    flow.commands.select([id]);
    view.setState({ inspector: true, inspectorTab: 'settings' });
    focusNode(id);
  };
  return (
    <button type="button" className="node-link" onClick={go}>
      {node.name ?? catalog.node(node.type)?.title ?? node.type}
    </button>
  );
}
