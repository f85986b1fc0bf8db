import { useState } from 'react';
import { useStore } from 'zustand';
import { toggleChat } from '../layout/panels';
import { isMemory } from '../manifest/catalog';
import { useCatalog, useFlow, usePage } from '../page';
import { Button, IconButton } from '../ui/Button';
import { Icon } from '../ui/Icon';
import { dismissFirstSteps, firstSteps, type Step } from './firstSteps';
import { useFlowBeside } from './useFlowBeside';
import './flows.css';

/** Three steps through the starter flow; each is ticked off once it is done. */
export function FirstSteps() {
  const { flow, view } = usePage();
  const catalog = useCatalog();
  const now = useStore(firstSteps, (state) => state.now);
  const id = useFlow((state) => state.id);
  const shown = now !== undefined && !now.dismissed && now.flow === id;
  const room = useFlowBeside(shown);
  const [wish, setWish] = useState<{ folded: boolean; room: boolean }>();
  if (!shown) return null;
  // What the person wished for holds until there is more room, or less.
  const folded = wish?.room === room ? wish.folded : !room;
  const finished = now.done.length === 3;

  const showMemory = (tab: string) => {
    const memory = flow.getState().doc.nodes.find(({ type }) => isMemory(catalog.node(type)));
    if (!memory) return;
    flow.commands.select([memory.id]);
    view.setState({ inspector: true, inspectorTab: tab });
  };
  const talk = () => {
    if (!view.getState().chat) toggleChat(view);
  };
  const steps: StepShown[] = [
    { step: 'look', title: 'See what stands here', text: now.about, act: 'Show the memory', run: () => showMemory('settings') },
    { step: 'talk', title: 'Type a message', text: 'Anything will do. Tell it your name, then ask for it.', act: 'Open the chat', run: talk },
    { step: 'keep', title: 'Look at what is kept', text: 'The Memory tab shows each message as it is stored.', act: 'Open the Memory tab', run: () => showMemory('memory') },
  ];
  const next = steps.find(({ step }) => !now.done.includes(step));

  return (
    <section className="first-steps" aria-label="First steps" data-folded={folded}>
      <header>
        <h2>{finished ? 'That is all there is to it' : 'First steps'}</h2>
        {folded && next && <p>{`${now.done.length + 1} of ${steps.length}`}</p>}
        <IconButton
          icon={folded ? 'chevronUp' : 'chevronDown'}
          label={folded ? 'Show all steps' : 'Make it small'}
          aria-expanded={!folded}
          onClick={() => setWish({ folded: !folded, room })}
        />
        <IconButton icon="close" label="Dismiss the first steps" onClick={dismissFirstSteps} />
      </header>
      {folded ? next && <Button onClick={next.run}>{next.act}</Button> : <All steps={steps} done={now.done} next={next?.step} />}
      {finished && !folded && <p>Add a node from the palette, or put a real model in place of the echo.</p>}
    </section>
  );
}

interface StepShown {
  step: Step;
  title: string;
  text: string;
  act: string;
  run: () => void;
}

function All({ steps, done, next }: { steps: readonly StepShown[]; done: readonly Step[]; next: Step | undefined }) {
  return (
    <ol>
      {steps.map(({ step, title, text, act, run }, at) => {
        const isDone = done.includes(step);
        return (
          <li key={step} data-done={isDone} aria-current={step === next ? 'step' : undefined}>
            <span className="first-steps-mark">{isDone ? <Icon name="check" size={12} /> : at + 1}</span>
            <div>
              <h3>
                {title}
                {isDone && <span className="visually-hidden"> (done)</span>}
              </h3>
              {step === next && (
                <>
                  <p>{text}</p>
                  <Button onClick={run}>{act}</Button>
                </>
              )}
            </div>
          </li>
        );
      })}
    </ol>
  );
}
