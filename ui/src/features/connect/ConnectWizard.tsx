import './connect.css';

import { Modal } from '@mantine/core';
import { useState } from 'react';

import { useRead } from '../../engine';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { BrandMark } from '../../ui/BrandMark';
import { Read } from '../../ui/Read';
import { useDirtyClose } from '../../ui/useDirtyClose';
import { NetworkDialog } from './NetworkDialog';
import { useReturnedFocus } from './useReturnedFocus';
import { givesTokens } from './signIn/phase';
import type { Unsaved } from './useWizard';
import { Wizard } from './Wizard';

interface Props {
  connectorId: string;
  /** The connection whose key is replaced; a new connection where absent. */
  connection?: string | undefined;
  /** Where the person came from to use it: what to do with the new connection, by its name. */
  onUse?: ((name: string) => void) | undefined;
  onClose: () => void;
}

/** Connects a tool, or replaces a connection's key: sign in, set up, test, done. */
export function ConnectWizard({ connectorId, connection, onUse, onClose }: Props) {
  const connector = useRead('connector_show', { connector: connectorId });
  const connections = useRead('connection_list', { offset: 0, limit: 1_000 }, { enabled: connection === undefined });
  const replaced = useRead('connection_show', { name: connection ?? '' }, { enabled: connection !== undefined });
  const [dirty, setDirty] = useState<Unsaved>();
  const { close, asking, onKeyDown, question } = useDirtyClose(dirty && (dirty === 'sign_in' ? 'signIn.discard' : 'common.discard'), onClose);
  useReturnedFocus();
  const [network, setNetwork] = useState(false);
  const openNetwork = () => setNetwork(true);
  const summary = connector.data?.summary;
  const name = visible(connection ?? summary?.name ?? '');
  const signsIn = givesTokens(connector.data?.auth.find((method) => method.id === replaced.data?.auth));
  return (
    <>
      <Modal
        opened
        onClose={close}
        size={640}
        closeOnEscape={!asking && !network}
        onKeyDown={onKeyDown}
        className="cw"
        closeButtonProps={{ 'aria-label': t('common.close') }}
        title={
          <span className="cw-title">
            {summary && <BrandMark icon={summary.icon} name={summary.name} />}
            <span className="cut" title={name}>
              {t(connection === undefined ? 'connect.title' : signsIn ? 'signIn.title' : 'connect.replaceTitle', { name })}
            </span>
          </span>
        }
      >
        <Read read={connector} rows={3} shape="form">
          {(detail) =>
            connection !== undefined ? (
              <Read read={replaced} rows={3} shape="form">
                {(view) => <Wizard detail={detail} known={[]} replacing={view} onDirty={setDirty} onNetwork={openNetwork} onCancel={close} onClose={onClose} />}
              </Read>
            ) : (
              <Read read={connections} rows={3} shape="form">
                {({ connections: known }) => <Wizard detail={detail} known={known} replacing={undefined} onDirty={setDirty} onNetwork={openNetwork} onCancel={close} onUse={onUse} onClose={onClose} />}
              </Read>
            )
          }
        </Read>
      </Modal>
      {network && <NetworkDialog onClose={() => setNetwork(false)} />}
      {question}
    </>
  );
}
