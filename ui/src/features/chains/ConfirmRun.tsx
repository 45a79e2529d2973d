import { Button, Modal } from '@mantine/core';

import type { Finding } from '../../bindings/wire';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';

/** What a run will do, as the question that is asked before it. */
export interface RunQuestion {
  effects: Finding[];
  /** What is going to run. */
  kept: { id: string; version: number };
}

interface Props {
  name: string;
  question: RunQuestion | undefined;
  onRun: (dryRun: boolean) => void;
  onClose: () => void;
}

/** Asks once per version of a chain. */
export function ConfirmRun({ name, question, onRun, onClose }: Props) {
  return (
    <Modal opened={question !== undefined} onClose={onClose} size={520} title={<h2>{t('chains.confirm.title', { name })}</h2>} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <div className="stack">
        <ul className="effects">
          {question?.effects.map((effect, index) => (
            <li key={`${effect.step ?? ''}-${index}`}>{visible(effect.text)}</li>
          ))}
        </ul>
        <p className="meta">{t('chains.confirm.about')}</p>
        <div className="row end">
          <Button variant="subtle" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button onClick={() => onRun(true)}>{t('chains.confirm.dry')}</Button>
          <Button variant="filled" onClick={() => onRun(false)} data-autofocus>
            {t('chains.confirm.run')}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
