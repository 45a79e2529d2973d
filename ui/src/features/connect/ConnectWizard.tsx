import './connect.css';

import { Button, Modal } from '@mantine/core';
import { useState, type KeyboardEvent } from 'react';

import { useRead } from '../../engine';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { BrandMark } from '../../ui/BrandMark';
import { Read } from '../../ui/Read';
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
  const [asking, setAsking] = useState(false);
  useReturnedFocus();
  const [network, setNetwork] = useState(false);
  const openNetwork = () => setNetwork(true);
  const close = () => (dirty ? setAsking(true) : onClose());
  const summary = connector.data?.summary;
  const name = visible(connection ?? summary?.name ?? '');
  const signsIn = givesTokens(connector.data?.auth.find((method) => method.id === replaced.data?.auth));
  // Going elsewhere by keyboard would discard what was typed.
  const stay = (event: KeyboardEvent) => {
    const command = event.ctrlKey || event.metaKey;
    if (dirty && ((event.altKey && event.key.startsWith('Arrow')) || (command && /^[1-9kn]$/i.test(event.key)))) {
      event.preventDefault();
      setAsking(true);
    }
  };
  return (
    <>
      <Modal
        opened
        onClose={close}
        size={640}
        closeOnEscape={!asking && !network}
        onKeyDown={stay}
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
      {asking && <Discard what={dirty ?? 'typed'} onKeep={() => setAsking(false)} onDiscard={onClose} />}
    </>
  );
}

/** Asks before what was typed, or a sign-in, is lost. */
function Discard({ what, onKeep, onDiscard }: { what: NonNullable<Unsaved>; onKeep: () => void; onDiscard: () => void }) {
  const place = what === 'sign_in' ? 'signIn.discard' : 'connect.discard';
  const [before] = useState(() => document.activeElement);
  const keep = () => {
    onKeep();
    setTimeout(() => before instanceof HTMLElement && before.focus());
  };
  return (
    <Modal opened onClose={keep} size={400} zIndex={300} role="alertdialog" withCloseButton={false} title={t(`${place}.title`)} className="cw">
      <p>{t(`${place}.body`)}</p>
      <div className="cw-foot-end cw-ask">
        <Button data-autofocus onClick={keep}>
          {t(`${place}.keep`)}
        </Button>
        <Button variant="filled" color="red.9" onClick={onDiscard}>
          {t(`${place}.discard`)}
        </Button>
      </div>
    </Modal>
  );
}
