import { SegmentedControl, useMantineColorScheme } from '@mantine/core';

import { t } from '../lib/words';
import { THEMES } from './themes';

/** System, light or dark. */
export default function ThemeChoice() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <SegmentedControl
      fullWidth
      aria-label={t('shell.theme')}
      value={colorScheme}
      onChange={(value) => setColorScheme(value as keyof typeof THEMES)}
      data={(['auto', 'light', 'dark'] as const).map((value) => ({ value, label: t(THEMES[value]) }))}
    />
  );
}
