import { useStore } from 'zustand';
import { ConnectDialog } from '../credentials/ConnectDialog';
import { CredentialsDialog } from '../credentials/CredentialsDialog';
import { EditCredentialDialog, NewCredentialDialog } from '../credentials/CredentialDialogs';
import { FlowsDialog } from '../flows/FlowsDialog';
import { ImportDialog } from '../flows/ImportDialog';
import { ImportReportDialog } from '../flows/ImportReportDialog';
import { NewFlowDialog } from '../flows/NewFlowDialog';
import { closeDialog, dialogs, type DialogRequest } from './dialogs';

export function Dialogs() {
  const open = useStore(dialogs, (state) => state.open);
  return open.map((request, at) => <OneDialog key={at} request={request} onClose={() => closeDialog(request)} />);
}

function OneDialog({ request, onClose }: { request: DialogRequest; onClose: () => void }) {
  switch (request.kind) {
    case 'connect':
      return <ConnectDialog node={request.node} onClose={onClose} />;
    case 'newCredential':
      return <NewCredentialDialog types={request.types} node={request.node} onClose={onClose} />;
    case 'editCredential':
      return <EditCredentialDialog id={request.id} node={request.node} onClose={onClose} />;
    case 'credentials':
      return <CredentialsDialog onClose={onClose} />;
    case 'flows':
      return <FlowsDialog onClose={onClose} />;
    case 'newFlow':
      return <NewFlowDialog onClose={onClose} />;
    case 'import':
      return <ImportDialog given={request.given} onClose={onClose} />;
    case 'report':
      return <ImportReportDialog report={request.report} reopened={request.reopened === true} onClose={onClose} />;
  }
}
