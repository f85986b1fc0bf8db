import type { NodeDeclaration, Port } from '../manifest/types';
import { Markdown } from '../text/Markdown';

export function DocsTab({ declaration }: { declaration: NodeDeclaration }) {
  const { docs, inputPorts, outputPorts } = declaration['x-node'];
  return (
    <div className="inspector-body">
      <Markdown text={withoutTitle(docs)} headings={3} />
      <section className="ports-docs" aria-label="Ports">
        <h3>Ports</h3>
        {inputPorts.map((port) => (
          <PortDocs key={`in ${port.id}`} port={port} takes />
        ))}
        {outputPorts.map((port) => (
          <PortDocs key={`out ${port.id}`} port={port} />
        ))}
      </section>
    </div>
  );
}

function PortDocs({ port, takes = false }: { port: Port; takes?: boolean }) {
  const how = [takes ? 'takes' : 'gives', port.required && 'required', port.many && 'any number'].filter(Boolean).join(', ');
  return (
    <div>
      <p>
        {port.title} <span>{how}</span>
      </p>
      <p>
        {port.types.map((type) => (
          <code key={type}>{type}</code>
        ))}
      </p>
    </div>
  );
}

/** The inspector shows the title already. */
function withoutTitle(docs: string): string {
  return docs.replace(/^# .*\n+/u, '');
}
