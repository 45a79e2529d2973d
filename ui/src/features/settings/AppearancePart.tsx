import { SegmentedControl, Switch } from '@mantine/core';

import { locale } from '../../lib/locale';
import { t } from '../../lib/words';
import { platform } from '../../platform';
import { usePreferences } from '../../shell/preferences';
import ThemeChoice from '../../shell/ThemeChoice';
import { Row } from '../../ui/Row';

const SIZES = ['1', '1.25', '1.5', '2'];

/** How everything looks. */
export function AppearanceRows() {
  const { zoom, narrow, set } = usePreferences();
  return (
    <>
      <Row title={t('shell.theme')} about={t('settings.general.themeAbout')}>
        <div className="st-wide">
          <ThemeChoice />
        </div>
      </Row>
      {platform.kind === 'window' && (
        <Row title={t('settings.general.size')} about={t('settings.general.sizeAbout')} id="st-size">
          <SegmentedControl aria-labelledby="st-size" value={String(zoom)} data={SIZES.map((value) => ({ value, label: `${Number(value) * 100} %` }))} onChange={(value) => set({ zoom: Number(value) })} />
        </Row>
      )}
      <Row title={t('settings.general.sidebar')} about={t('settings.general.sidebarAbout')} id="st-sidebar">
        <Switch size="sm" aria-labelledby="st-sidebar" checked={narrow} onChange={(event) => set({ narrow: event.currentTarget.checked })} />
      </Row>
      <Row title={t('settings.general.language')} about={t('settings.general.languageAbout', { locale })} />
    </>
  );
}
