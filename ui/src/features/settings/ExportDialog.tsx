import { Button, Checkbox, Modal } from '@mantine/core';
import { useState, type FormEvent } from 'react';

import { useDo } from '../../engine';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { platform, toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { BusyButton } from '../../ui/BusyButton';
import { useReturnedFocus } from '../connect/useReturnedFocus';
import { EMPTY, fault, NewPassphrase } from './NewPassphrase';

const NAME = 'patchbay-export.json';

/** Without secrets, unless the user says so and gives a passphrase twice. */
export function ExportDialog({ onClose, onDone }: { onClose: () => void; onDone: (said: string) => void }) {
  useReturnedFocus();
  const [sealed, setSealed] = useState(false);
  const [chosen, setChosen] = useState(EMPTY);
  const [strict, setStrict] = useState(false);
  const make = useDo('export_make', {
    onSuccess: ({ file, text, connections, chains }) => {
      if (text) void platform.saveFile(NAME, 'application/json', text);
      const name = text ? NAME : file?.split('/').at(-1);
      if (name) onDone(t('settings.exported', { connections, chains, file: visible(name) }));
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setStrict(true);
    if (make.isPending || (sealed && fault(chosen))) return;
    make.mutate({ giveText: platform.kind === 'browser', ...(sealed ? { passphrase: chosen.first } : {}) });
  };
  return (
    <Modal opened onClose={onClose} size={480} title={t('settings.export')} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <form className="stack" noValidate onSubmit={submit}>
        <p>{t('settings.exportAbout')}</p>
        <Checkbox
          size="sm"
          data-autofocus
          label={t('settings.exportWith')}
          description={t('settings.exportWithHelp')}
          checked={sealed}
          onChange={(event) => setSealed(event.currentTarget.checked)}
        />
        {sealed && <NewPassphrase chosen={chosen} strict={strict} onChange={setChosen} />}
        {make.isError && <ProblemBlock problem={toProblem(make.error)} />}
        <div className="cn-foot">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <BusyButton type="submit" variant="filled" busy={make.isPending}>
            {t('settings.exportGo')}
          </BusyButton>
        </div>
      </form>
    </Modal>
  );
}
