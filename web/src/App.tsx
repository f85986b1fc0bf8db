import { useCallback, useEffect, useState } from 'react';
import type { Answer, ApiError } from './api/client';
import { PageProvider, type Page } from './page';
import { Workspace } from './layout/Workspace';
import { TokenGate } from './login/TokenDialog';
import { Button } from './ui/Button';
import { Icon } from './ui/Icon';

type Opening = { is: 'opening' } | { is: 'open'; page: Page } | { is: 'shut'; error: ApiError };

interface AppProps {
  start: () => Promise<Answer<Page>>;
}

export function App({ start }: AppProps) {
  return (
    <>
      <Opened start={start} />
      <TokenGate />
    </>
  );
}

function Opened({ start }: AppProps) {
  const [state, setState] = useState<Opening>({ is: 'opening' });
  const open = useCallback(async () => {
    setState({ is: 'opening' });
    const answer = await start();
    setState(answer.ok ? { is: 'open', page: answer.value } : { is: 'shut', error: answer.error });
  }, [start]);
  useEffect(() => void open(), [open]);

  if (state.is === 'shut') {
    return (
      <main className="start" role="alert">
        <Icon name="cloudOff" size={24} />
        <h1>The canvas can’t be opened</h1>
        <p>{state.error.message}</p>
        <Button look="primary" onClick={() => void open()}>
          Try again
        </Button>
      </main>
    );
  }
  if (state.is === 'opening') return <main className="start" aria-busy="true" aria-label="Opening the canvas" />;
  return (
    <PageProvider value={state.page}>
      <Workspace />
    </PageProvider>
  );
}
