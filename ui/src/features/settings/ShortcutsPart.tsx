import { Switch } from '@mantine/core';

import { t } from '../../lib/words';
import { EVERYWHERE } from '../../shell/keys';
import { usePreferences } from '../../shell/preferences';
import { KeyTable } from '../../shell/Shortcuts';
import { Row } from '../../ui/Row';

/** The keys that hold everywhere, and whether single signs are keys. */
export function ShortcutsRows() {
  const { signs, set } = usePreferences();
  return (
    <>
      <Row title={t('settings.shortcuts.signs')} about={t('settings.shortcuts.signsAbout')} id="st-signs">
        <Switch size="sm" aria-labelledby="st-signs" checked={signs} onChange={(event) => set({ signs: event.currentTarget.checked })} />
      </Row>
      <div className="st-keys">
        <KeyTable title={t('shell.keysList.everywhere')} keys={EVERYWHERE} />
        <p className="meta">{t('settings.shortcuts.perPage')}</p>
      </div>
    </>
  );
}
