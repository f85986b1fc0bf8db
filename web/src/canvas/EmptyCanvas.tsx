import { useEffect } from 'react';
import { useReactFlow } from '@xyflow/react';
import { fetchTemplates, useTemplates } from '../flows/templates';
import { useCommands, usePage } from '../page';
import { Button } from '../ui/Button';
import { fitOptions } from './fit';

/** What an empty canvas says: how to begin, and with what. */
export function EmptyCanvas() {
  const { view } = usePage();
  const commands = useCommands();
  const { fitView } = useReactFlow();
  const templates = useTemplates();
  useEffect(() => void fetchTemplates(), []);
  return (
    <div className="empty">
      <h2>Start with a node</h2>
      <p>Drag one from the palette, double-click here, or press N.</p>
      <Button
        look="primary"
        icon="add"
        onClick={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          view.setState({ picker: { kind: 'add', at: { x: box.left, y: box.bottom + 8 }, position: { x: 132, y: 28 } } });
        }}
      >
        Add a node
      </Button>
      {templates.length > 0 && (
        <section className="empty-templates" aria-label="Templates">
          <p>or begin with a template</p>
          {templates.map(({ id, title, flow }) => (
            <Button
              key={id}
              icon="flow"
              onClick={() => {
                commands.paste(flow, { x: 0, y: 0 });
                commands.select([]);
                // The cards have a size once they are drawn.
                setTimeout(() => void fitView(fitOptions()), 100);
              }}
            >
              {title}
            </Button>
          ))}
        </section>
      )}
    </div>
  );
}
