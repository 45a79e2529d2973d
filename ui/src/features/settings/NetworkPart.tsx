import { useRead } from '../../engine';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { Read } from '../../ui/Read';
import { Row } from '../../ui/Row';

/** What stands between this computer and services. */
export function NetworkRows() {
  const about = useRead('about_show', {});
  return (
    <Read read={about} rows={2}>
      {({ proxies }) => (
        <>
          <Row title={t('settings.network.proxy')} about={proxies.length > 0 ? t('settings.network.proxyIs', { proxy: proxies.map(visible).join(', ') }) : t('settings.network.proxyNone')} />
          <Row title={t('settings.network.certificates')} about={t('settings.network.certificatesAbout')} />
          <Row title={t('settings.network.private')} about={t('settings.network.privateAbout')} />
        </>
      )}
    </Read>
  );
}
