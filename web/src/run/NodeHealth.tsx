import { useState } from 'react';
import { useStore } from 'zustand';
import type { Answer } from '../api/client';
import { nodes as api } from '../api/nodes';
import type { Ok } from '../api/types';
import type { FlowNode } from '../flow/document';
import { usePage } from '../page';
import { Button, IconButton } from '../ui/Button';
import { say } from '../ui/toasts';
import { Failure, Findings } from './Findings';
import { health, refOf } from './health';
import { SetUpOffer } from './SetUpOffer';
import { useNodeStatus } from './status';
import './health.css';

/** How a node stands: in the host's words, with what to do next. */
export function NodeHealth({ node }: { node: FlowNode }) {
  const page = usePage();
  const status = useNodeStatus(node);
  const tried = useStore(health, ({ of }) => of[node.id]);
  const again = useStore(health, (state) => state.again);
  const [report, setReport] = useState<Answer<Ok<'examine'>>>();
  const [busy, setBusy] = useState(false);
  const warnings = tried?.is === 'ready' ? tried.findings.filter(({ level }) => level !== 'ok') : [];

  const diagnose = async () => {
    setBusy(true);
    setReport(await api.examine(await refOf(page, node)));
    setBusy(false);
  };

  return (
    <section className="health" aria-label="How it stands" data-status={status.is} data-warns={status.warns}>
      <div className="health-head">
        <p role="status">
          <span className="card-status-dot" />
          {status.is === 'error' ? 'Not working' : status.is === 'setup' ? 'Needs setup' : status.text}
        </p>
        {tried && tried.is !== 'checking' && <Button look="quiet" onClick={() => again(node.id)}>Check again</Button>}
        {status.is !== 'setup' && <Button look="quiet" disabled={busy} onClick={() => void diagnose()}>{busy ? 'Looking…' : 'Diagnose'}</Button>}
      </div>
      {status.is === 'error' && (tried?.is === 'error' ? (
        <Failure error={tried.error}>
          <SetUpOffer node={node} error={tried.error} />
        </Failure>
      ) : (
        <Failure error={{ kind: 'unknown', message: status.text, status: 0 }} />
      ))}
      {report === undefined && warnings.length > 0 && <Findings findings={warnings} />}
      {report && <Report report={report} onClose={() => setReport(undefined)} />}
    </section>
  );
}

function Report({ report, onClose }: { report: Answer<Ok<'examine'>>; onClose: () => void }) {
  if (!report.ok) return <Failure error={report.error} />;
  const { nodes, problems, policies } = report.value;
  const told = [...problems.map(({ level, field, message }) => ({ level, subject: field ?? 'flow', text: message })), ...nodes.flatMap(({ findings }) => findings)];
  const policy = policies[0]?.policy ?? nodes.find((one) => one.policy != null)?.policy;
  return (
    <div className="diagnosis">
      <header>
        <h3>Diagnosis</h3>
        <IconButton icon="close" label="Close the diagnosis" onClick={onClose} />
      </header>
      {told.length === 0 ? <p className="inspector-quiet">There is nothing to look at in this node.</p> : <Findings findings={told} />}
      {policy != null && <Policy text={JSON.stringify(policy, null, 2)} />}
    </div>
  );
}

function Policy({ text }: { text: string }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      say('The policy is copied.');
    } catch {
      say('The browser did not allow copying. Select the text and press Ctrl C.', { tone: 'bad' });
    }
  };
  return (
    <div className="policy">
      <header>
        <h4>Least policy that would do</h4>
        <Button look="quiet" icon="copy" onClick={() => void copy()}>Copy</Button>
      </header>
      <pre tabIndex={0}>{text}</pre>
    </div>
  );
}
