import { Button, Modal } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';

import { t } from '../../lib/words';

const NetworkRows = lazy(() => import('../settings/NetworkPart').then(({ NetworkRows }) => ({ default: NetworkRows })));

/** The network's settings over the wizard: what was typed there, keys too, stays where it is. */
export function NetworkDialog({ onClose }: { onClose: () => void }) {
  const [before] = useState(() => document.activeElement);
  const back = () => {
    onClose();
    setTimeout(() => before instanceof HTMLElement && before.focus());
  };
  return (
    <Modal opened onClose={back} size={640} zIndex={300} title={t('settings.network.title')} className="cw" closeButtonProps={{ 'aria-label': t('common.close') }}>
      <Suspense>
        <NetworkRows />
      </Suspense>
      <div className="cw-foot-end cw-ask">
        <Button onClick={back}>{t('connect.backToWizard')}</Button>
      </div>
    </Modal>
  );
}
