import { Button, Menu } from '@mantine/core';
import { ListFilter } from 'lucide-react';

import { t } from '../../lib/words';
import { methodName } from '../connect/settings';
import { narrow, useCatalogueView } from './view';

/** What to leave out. Only kinds of sign-in that some connector has. */
export function FilterMenu({ methods }: { methods: string[] }) {
  const view = useCatalogueView();
  const on = view.methods.length + Number(view.polling) + Number(view.webhook) + Number(view.connected) + Number(view.mine);
  return (
    <Menu position="bottom-end" shadow="md" width={240} withInitialFocusPlaceholder={false} classNames={{ dropdown: 'cw-pop' }} closeOnItemClick={false}>
      <Menu.Target>
        <Button
          className="cat-filter"
          leftSection={<ListFilter size={16} aria-hidden />}
          aria-label={on > 0 ? t('catalogue.filterActive', { count: on }) : t('catalogue.filter')}
          rightSection={on > 0 ? <span className="cat-filter-on">{on}</span> : undefined}
        >
          <span className="cat-filter-word">{t('catalogue.filter')}</span>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('catalogue.filterMethod')}</Menu.Label>
        {methods.map((method) => (
          <Menu.CheckboxItem
            key={method}
            checked={view.methods.includes(method)}
            onChange={(checked) => narrow({ methods: checked ? [...view.methods, method] : view.methods.filter((other) => other !== method) })}
          >
            {methodName(method)}
          </Menu.CheckboxItem>
        ))}
        <Menu.Label>{t('catalogue.filterData')}</Menu.Label>
        <Menu.CheckboxItem checked={view.polling} onChange={(polling) => narrow({ polling })}>
          {t('catalogue.filterPolling')}
        </Menu.CheckboxItem>
        <Menu.CheckboxItem checked={view.webhook} onChange={(webhook) => narrow({ webhook })}>
          {t('catalogue.filterWebhook')}
        </Menu.CheckboxItem>
        <Menu.Label>{t('catalogue.filterState')}</Menu.Label>
        <Menu.CheckboxItem checked={view.connected} onChange={(connected) => narrow({ connected })}>
          {t('catalogue.filterConnected')}
        </Menu.CheckboxItem>
        <Menu.Label>{t('catalogue.filterOrigin')}</Menu.Label>
        <Menu.CheckboxItem checked={view.mine} onChange={(mine) => narrow({ mine })}>
          {t('catalogue.filterMine')}
        </Menu.CheckboxItem>
        {on > 0 && (
          <>
            <Menu.Divider />
            <Menu.Item closeMenuOnClick onClick={() => narrow({ methods: [], polling: false, webhook: false, connected: false, mine: false })}>
              {t('common.clearFilters')}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
