import { useRead } from '../../engine';
import { t } from '../../lib/words';
import { Page } from '../../ui/Page';
import { Read } from '../../ui/Read';
import '../connections/connections.css';
import { DataPart } from './DataPart';
import { EnginePart } from './EnginePart';
import { NoticesPart } from './NoticesPart';
import { GeneralPart } from './GeneralPart';
import { GatewayPart } from './GatewayPart';
import { SecurityPart } from './SecurityPart';
import './settings.css';

/** What the user decides, for the whole data folder. */
export default function SettingsPage({ params }: { params: { what?: string } }) {
  const status = useRead('secrets_status', {});
  const gateway = useRead('gateway_show', {});
  return (
    <Page title={t('settings.title')}>
      <div className="st-page">
        <GeneralPart />
        <Read read={status}>{(data) => <SecurityPart status={data} what={params.what} />}</Read>
        <NoticesPart />
        <Read read={gateway}>{(data) => <GatewayPart gateway={data} />}</Read>
        <EnginePart />
        <DataPart />
      </div>
    </Page>
  );
}
