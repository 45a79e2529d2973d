import { Button, Modal } from '@mantine/core';
import { useState, type FormEvent, type ReactNode } from 'react';

import type { ForgotAll as Forgot } from '../../bindings/wire';
import { useDo } from '../../engine';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { BusyButton } from '../../ui/BusyButton';
import { useReturnedFocus } from '../connect/useReturnedFocus';
import { EMPTY, fault, NewPassphrase } from './NewPassphrase';

export interface DialogProps {
  onClose: () => void;
  onDone: (said: string) => void;
}

/** What changes with the store. */
export const TOUCHED = ['secrets_status', 'health', 'connection_list', 'connection_show'] as const;

/** A question about secrets. */
export function Dialog({ title, alert, onClose, children }: { title: string; alert?: boolean; onClose: () => void; children: ReactNode }) {
  useReturnedFocus();
  return (
    <Modal opened onClose={onClose} size={480} {...(alert ? { role: 'alertdialog' } : {})} title={title} closeButtonProps={{ 'aria-label': t('common.close') }}>
      {children}
    </Modal>
  );
}

/** Keys go from the keyring into a file with a passphrase. */
export function SetPassphrase({ onClose, onDone }: DialogProps) {
  const [chosen, setChosen] = useState(EMPTY);
  const [strict, setStrict] = useState(false);
  const move = useDo('secrets_move', { touches: [...TOUCHED], onSuccess: () => onDone(t('settings.saved')) });
  const problem = move.isError ? toProblem(move.error) : undefined;
  const atField = problem?.subject?.kind === 'field';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setStrict(true);
    if (!fault(chosen) && !move.isPending) move.mutate({ to: 'passphrase', passphrase: chosen.first });
  };
  return (
    <Dialog title={t('settings.toPassphrase')} onClose={onClose}>
      <form className="stack" noValidate onSubmit={submit}>
        <p>{t('settings.toPassphraseAbout')}</p>
        <NewPassphrase chosen={chosen} strict={strict} error={atField ? visible(problem.hint) : undefined} onChange={setChosen} />
        {problem && !atField && <ProblemBlock problem={problem} />}
        <Foot onClose={onClose}>
          <BusyButton type="submit" variant="filled" busy={move.isPending}>
            {t('settings.setPassphrase')}
          </BusyButton>
        </Foot>
      </form>
    </Dialog>
  );
}

/** Keys go from the file into the keyring. */
export function ToKeyring({ onClose, onDone }: DialogProps) {
  const move = useDo('secrets_move', { touches: [...TOUCHED], onSuccess: () => onDone(t('settings.saved')) });
  return (
    <Dialog title={t('settings.toKeyring')} onClose={onClose}>
      <div className="stack">
        <p>{t('settings.toKeyringAbout')}</p>
        {move.isError && <ProblemBlock problem={toProblem(move.error)} />}
        <Foot first onClose={onClose}>
          <BusyButton data-main variant="filled" busy={move.isPending} onClick={() => move.mutate({ to: 'keyring' })}>
            {t('settings.move')}
          </BusyButton>
        </Foot>
      </div>
    </Dialog>
  );
}

/** Everything secret is destroyed. */
export function ForgetAll({ onClose, onDone }: DialogProps) {
  const forget = useDo('secrets_forget_all', {
    touches: [...TOUCHED],
    // What is to be done at a service stays to be read.
    onSuccess: ({ connections, ended }) => ended.length === 0 && onDone(t('settings.forgotten', { count: connections })),
  });
  if (forget.data) return <Forgotten forgot={forget.data} onClose={() => onDone(t('settings.forgotten', { count: forget.data.connections }))} />;
  return (
    <Dialog title={t('settings.forgetTitle')} alert onClose={onClose}>
      <div className="stack">
        <p>{t('settings.forgetBody')}</p>
        {forget.isError && <ProblemBlock problem={toProblem(forget.error)} />}
        <Foot first onClose={onClose}>
          <BusyButton variant="filled" color="red.9" busy={forget.isPending} onClick={() => forget.mutate({})}>
            {t('settings.forgetYes')}
          </BusyButton>
        </Foot>
      </div>
    </Dialog>
  );
}

/** What became of each sign-in at its service. */
function Forgotten({ forgot, onClose }: { forgot: Forgot; onClose: () => void }) {
  return (
    <Dialog title={t('settings.forgotten', { count: forgot.connections })} onClose={onClose}>
      <div className="stack">
        <h3>{t('settings.forgotThere')}</h3>
        <ul>
          {forgot.ended.map((one, index) => (
            <li key={`${one.connection} ${index}`}>
              <strong>{visible(one.connection)}</strong>: {t(`settings.forgot.${one.there}`, { tool: visible(one.tool) })}
              {one.problem && <span className="meta"> {visible(one.problem.title)}.</span>}
            </li>
          ))}
        </ul>
        <div className="cn-foot">
          <Button data-autofocus onClick={onClose}>
            {t('common.close')}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

/** The way out at the left, what is done at the right. */
export function Foot({ onClose, first, children }: { onClose: () => void; first?: boolean; children: ReactNode }) {
  return (
    <div className="cn-foot">
      <Button {...(first ? { 'data-autofocus': true } : {})} onClick={onClose}>
        {t('common.cancel')}
      </Button>
      {children}
    </div>
  );
}
