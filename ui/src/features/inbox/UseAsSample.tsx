import { Button, Menu } from '@mantine/core';
import { Plus, Workflow } from 'lucide-react';
import { useLocation } from 'wouter';

import type { SignalView } from '../../bindings/wire';
import { useRead } from '../../engine';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { chooseSample, NEW } from '../chains/sample';

/** Shows a signal to a chain that waits for signals of its connection, or to a new one. */
export function UseAsSample({ signal }: { signal: SignalView }) {
  const [, go] = useLocation();
  const chains = useRead('chain_list', {});
  if (signal.connectionName === null) return null;
  const waiting = (chains.data?.chains ?? []).filter((chain) => chain.trigger.type === 'signal' && chain.trigger.connection === signal.connectionName && (chain.trigger.stream ?? signal.stream) === signal.stream);
  const use = (chain: string) => {
    if (chooseSample(chain, signal)) go(`/chains/${chain}/start`);
  };
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button size="xs" leftSection={<Workflow size={14} aria-hidden />}>
          {t('inbox.useAsSample')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<Plus size={14} aria-hidden />} onClick={() => use(NEW)}>
          {t('inbox.newChain')}
        </Menu.Item>
        {waiting.length > 0 && <Menu.Label>{t('inbox.waitingChains')}</Menu.Label>}
        {waiting.map((chain) => (
          <Menu.Item key={chain.id} onClick={() => use(chain.id)}>
            {visible(chain.name)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
