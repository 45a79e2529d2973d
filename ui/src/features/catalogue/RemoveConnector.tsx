import { Button, Modal } from '@mantine/core';
import { Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useLocation } from 'wouter';

import { useDo } from '../../engine';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { toast } from '../../ui/toasts/toast';
import { BusyButton } from '../../ui/BusyButton';

/** Removes a connector that the user wrote, after asking. */
export function RemoveConnector({ id, name }: { id: string; name: string }) {
  const [, go] = useLocation();
  const [asked, setAsked] = useState(false);
  const remove = useDo('descriptor_remove', {
    touches: ['catalogue_list', 'descriptor_list'],
    onSuccess: () => {
      toast({ words: t('catalogue.removed', { name }) });
      go('/catalogue');
    },
  });
  const close = () => {
    setAsked(false);
    remove.reset();
  };
  return (
    <>
      <Button leftSection={<Trash2 size={16} aria-hidden />} onClick={() => setAsked(true)}>
        {t('catalogue.remove')}
      </Button>
      <Modal opened={asked} onClose={close} title={t('catalogue.removeTitle', { name })} closeButtonProps={{ 'aria-label': t('common.close') }}>
        <div className="stack">
          <p>{t('catalogue.removeAbout')}</p>
          {remove.isError && <ProblemBlock problem={toProblem(remove.error)} />}
          <div className="row">
            <Button data-autofocus onClick={close}>
              {t('common.cancel')}
            </Button>
            <BusyButton variant="filled" color="red" busy={remove.isPending} onClick={() => remove.mutate({ connector: id })}>
              {t('catalogue.remove')}
            </BusyButton>
          </div>
        </div>
      </Modal>
    </>
  );
}
