import { KEY_HELP } from '../canvas/keys';
import { usePage, useView } from '../page';
import { Dialog } from '../ui/Dialog';

export function HelpDialog() {
  const { view } = usePage();
  const open = useView((state) => state.help);
  if (!open) return null;
  return (
    <Dialog title="Keys" width={640} onClose={() => view.setState({ help: false })}>
      <div className="help">
        {KEY_HELP.map(({ title, keys }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map(({ does, keys: combinations }) => (
                <div key={does}>
                  <dt>{does}</dt>
                  <dd>
                    {combinations.map((combination) => (
                      <kbd key={combination}>{combination}</kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
