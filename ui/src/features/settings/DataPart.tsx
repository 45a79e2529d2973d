import { Button } from '@mantine/core';
import { useRef, useState } from 'react';
import { useLocation } from 'wouter';

import { t } from '../../lib/words';
import { Kept } from './Kept';
import { EraseDialog } from './EraseDialog';
import { ExportDialog } from './ExportDialog';
import { ImportDialog } from './ImportDialog';
import { useAskedFocus } from './useAskedFocus';
import { Row, SettingsPart } from '../../ui/Row';

/** What leaves as a file, and what comes in from one. */
export function DataPart({ what }: { what: string | undefined }) {
  const [, go] = useLocation();
  const exporting = what === 'export';
  const close = () => go('/settings', { replace: true });
  const [erasing, setErasing] = useState(false);
  const [text, setText] = useState<string>();
  const [said, setSaid] = useState('');
  const file = useRef<HTMLInputElement>(null);
  const choose = useRef<HTMLButtonElement>(null);
  // A page may open the choice of a file only on a click or key of its own: the button that does it gets the focus.
  useAskedFocus(what === 'import', choose);
  return (
    <SettingsPart id="data" title={t('settings.data')} also="size retention backup export import">
      <p className="st-said" role="status">
        {said}
      </p>
      <Kept />
      <Row title={t('settings.export')} about={t('settings.exportAbout')}>
        <Button size="xs" onClick={() => go('/settings/export')}>
          {t('settings.exportGo')}
        </Button>
      </Row>
      <Row title={t('settings.import')} about={t('settings.importAbout')}>
        <Button ref={choose} size="xs" onClick={() => file.current?.click()}>
          {t('settings.importChoose')}
        </Button>
      </Row>
      <input
        ref={file}
        type="file"
        accept=".json,application/json"
        hidden
        aria-label={t('settings.importChoose')}
        onChange={(event) => {
          const input = event.currentTarget;
          void input.files?.[0]?.text().then((read) => {
            input.value = '';
            setText(read);
          });
        }}
      />
      <Row title={t('settings.erase.row')} about={t('settings.erase.rowAbout')}>
        <Button size="xs" color="red" onClick={() => setErasing(true)}>
          {t('settings.erase.go')}
        </Button>
      </Row>
      <Row title={t('settings.audit.row')} about={t('settings.audit.rowAbout')}>
        <Button size="xs" onClick={() => go('/settings/audit')}>
          {t('settings.audit.go')}
        </Button>
      </Row>
      {erasing && (
        <EraseDialog
          onClose={() => setErasing(false)}
          onDone={(done) => {
            setErasing(false);
            setSaid(done);
          }}
        />
      )}
      {exporting && (
        <ExportDialog
          onClose={close}
          onDone={(done) => {
            close();
            setSaid(done);
          }}
        />
      )}
      {text !== undefined && (
        <ImportDialog
          text={text}
          onClose={() => setText(undefined)}
          onDone={() => {
            setText(undefined);
            setSaid(t('settings.importDone'));
          }}
        />
      )}
    </SettingsPart>
  );
}
