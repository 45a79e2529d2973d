import '../connect/connect.css';

import { Button, Modal, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';

import type { EraseResponse } from '../../bindings/wire';
import { useDo } from '../../engine';
import { formatCount } from '../../lib/format';
import { t, type WordKey } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';

const COUNTS: [keyof EraseResponse, WordKey][] = [
  ['signals', 'settings.erase.signals'],
  ['quarantined', 'settings.erase.quarantined'],
  ['deliveries', 'settings.erase.deliveries'],
  ['runs', 'settings.erase.runs'],
  ['others', 'settings.erase.others'],
];

/** Lets go of everything about somebody: counted first, then done. */
export function EraseDialog({ onClose, onDone }: { onClose: () => void; onDone: (said: string) => void }) {
  const [about, setAbout] = useState('');
  const look = useDo('data_erase');
  const erase = useDo('data_erase', {
    touches: ['signal_search', 'signal_kinds_list', 'run_list', 'connection_list'],
    onSuccess: (gone) => onDone(t('settings.erase.done', { signals: formatCount(gone.signals), runs: formatCount(gone.runs) })),
  });
  const found = look.data;
  const failed = look.error ?? erase.error;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    look.mutate({ about, confirm: false });
  };
  return (
    <Modal opened onClose={onClose} title={t('settings.erase.title')} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <form className="st-erase" onSubmit={submit}>
        <p>{t('settings.erase.about')}</p>
        <TextInput
          label={t('settings.erase.what')}
          placeholder="amira@example.test"
          value={about}
          data-autofocus
          onChange={(event) => {
            setAbout(event.currentTarget.value);
            look.reset();
          }}
        />
        {failed !== null && failed !== undefined && <ProblemBlock problem={toProblem(failed)} />}
        {found && (
          <div role="status">
            <dl className="facts">
              {COUNTS.map(([key, word]) => (
                <div key={key} className="cw-fact">
                  <dt>{t(word)}</dt>
                  <dd className="figures">{formatCount(Number(found[key]))}</dd>
                </div>
              ))}
            </dl>
            {found.openRuns > 0 && <p>{t('settings.erase.openRuns', { count: found.openRuns })}</p>}
            {found.copies > 0 && <p className="meta">{t('settings.erase.copies', { count: found.copies })}</p>}
            {found.exports > 0 && <p className="meta">{t('settings.erase.exports', { count: found.exports })}</p>}
          </div>
        )}
        <div className="row st-dialog-end">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          {found ? (
            <Button color="red" variant="filled" loading={erase.isPending} onClick={() => erase.mutate({ about, confirm: true })}>
              {t('settings.erase.yes')}
            </Button>
          ) : (
            <Button type="submit" variant="filled" loading={look.isPending} disabled={about.trim().length < 4}>
              {t('settings.erase.look')}
            </Button>
          )}
        </div>
      </form>
    </Modal>
  );
}
