import { usePage } from '../page';
import { Button } from '../ui/Button';

/** What an empty canvas says. */
export function EmptyCanvas() {
  const { view } = usePage();
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
    </div>
  );
}
