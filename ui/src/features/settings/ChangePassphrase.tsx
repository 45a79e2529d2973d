import { PasswordInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';

import { useDo } from '../../engine';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { BusyButton } from '../../ui/BusyButton';
import { Dialog, Foot, TOUCHED, type DialogProps } from './dialogs';
import { EMPTY, fault, NewPassphrase } from './NewPassphrase';

/** Another passphrase for the file that holds the key. */
export function ChangePassphrase({ onClose, onDone }: DialogProps) {
  const [current, setCurrent] = useState('');
  const [chosen, setChosen] = useState(EMPTY);
  const [strict, setStrict] = useState(false);
  const change = useDo('secrets_change_passphrase', { touches: [...TOUCHED], onSuccess: () => onDone(t('settings.changed')) });
  const problem = change.isError ? toProblem(change.error) : undefined;
  const wrong = problem?.code === 'PASSPHRASE_WRONG';
  const atField = problem?.subject?.kind === 'field';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setStrict(true);
    if (current && !fault(chosen) && !change.isPending) change.mutate({ current, new: chosen.first });
  };
  return (
    <Dialog title={t('settings.change')} onClose={onClose}>
      <form className="stack" noValidate onSubmit={submit}>
        <p>{t('settings.changeAbout')}</p>
        <PasswordInput
          data-autofocus
          label={t('settings.current')}
          autoComplete="current-password"
          value={current}
          error={wrong ? t('shell.lock.wrong') : strict && !current ? t('settings.currentMissing') : undefined}
          onChange={(event) => {
            setCurrent(event.currentTarget.value);
            if (change.isError) change.reset();
          }}
        />
        <NewPassphrase chosen={chosen} strict={strict} label={t('settings.newPassphrase')} follows error={atField && !wrong ? visible(problem.hint) : undefined} onChange={setChosen} />
        {problem && !wrong && !atField && <ProblemBlock problem={problem} />}
        <Foot onClose={onClose}>
          <BusyButton type="submit" variant="filled" busy={change.isPending}>
            {t('settings.change')}
          </BusyButton>
        </Foot>
      </form>
    </Dialog>
  );
}
