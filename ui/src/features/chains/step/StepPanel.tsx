import { Tabs } from '@mantine/core';
import { useLocation } from 'wouter';
import { useCallback, useState } from 'react';

import type { Chain, Step } from '../../../bindings/wire';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { BrandMark } from '../../../ui/BrandMark';
import { Panel } from '../../../ui/Panel';
import { allSteps } from '../flow/outline';
import { LogicMark } from '../StepCard';
import type { ChainEditor } from '../useChainEditor';
import type { Tools } from '../useTools';
import { DataTab } from './DataTab';
import { FailureTab } from './FailureTab';
import { LogicTab } from './LogicTab';
import { MappingTab } from './MappingTab';
import { SettingsTab } from './SettingsTab';

/** How a step is opened. */
export interface Opening {
  tab?: Tab | undefined;
  /** The item that is shown, from 0. */
  item?: number | undefined;
  /** To give it another name. */
  naming?: boolean | undefined;
  /** To mend what keeps it from running. */
  fixing?: boolean | undefined;
  /** The field that is to be mended, as a JSON pointer; the first that is open where absent. */
  target?: string | undefined;
}

type Tab = 'mapping' | 'data' | 'settings' | 'failure';

/** What every tab needs. */
export interface StepProps {
  /** None while the chain is not kept yet. */
  chainId: string | undefined;
  /** The version that is kept: a new one has new matches. */
  version: number;
  chain: Chain;
  step: Step;
  tools: Tools;
  /** The run that is shown beside the chain. */
  run: string | undefined;
  /** The run whose results stand for what steps give. */
  sampleRun: string | undefined;
  /** What was wanted of it. */
  opening: Opening;
  flush: ChainEditor['flush'];
  /** Shows a run beside the chain. */
  onRun: (run: string) => void;
  change: (update: (chain: Chain) => Chain) => void;
}

/** One step: where its fields come from, its data, its settings, what a failure means. */
export function StepPanel({ onClose, ...props }: StepProps & { onClose: () => void }) {
  const { chain, step, tools } = props;
  const { naming, tab: wanted } = props.opening;
  const mapped = !step.logic;
  const [tab, setTab] = useState<string | null>(wanted ?? (naming || !mapped ? 'settings' : 'mapping'));
  const [, go] = useLocation();
  const { connector, connection } = tools.of(step);
  const all = allSteps(chain);
  const at = all.findIndex((s) => s.id === step.id) + 1;
  const close = useCallback(() => onClose(), [onClose]);
  return (
    <Panel
      icon={step.logic ? <LogicMark type={step.logic.type} /> : <BrandMark icon={connector?.summary.icon} name={connector?.summary.name ?? step.connection ?? tools.name(step)} size={34} />}
      title={visible(tools.name(step))}
      subtitle={`${t('chains.stepOf', { at, of: all.length })} · ${visible(step.connection ?? t('chains.logic.itself'))}`}
      onClose={close}
    >
      {tools.ready && !connection && !step.logic && (
        <div className="problem bad" role="alert">
          <div className="problem-text">
            <h3>{t('chains.missingConnection', { name: step.connection ?? '' })}</h3>
            <div className="row">
              <button type="button" className="link-button" onClick={() => go('/catalogue')}>
                {t('chains.browse')}
              </button>
            </div>
          </div>
        </div>
      )}
      <Tabs value={tab} onChange={setTab} className="step-tabs">
        <Tabs.List>
          {mapped && <Tabs.Tab value="mapping">{t('chains.tab.mapping')}</Tabs.Tab>}
          <Tabs.Tab value="data">{t('chains.tab.data')}</Tabs.Tab>
          <Tabs.Tab value="settings">{t('chains.tab.settings')}</Tabs.Tab>
          <Tabs.Tab value="failure">{t('chains.tab.failure')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="mapping">
          <MappingTab {...props} />
        </Tabs.Panel>
        <Tabs.Panel value="data">
          <DataTab {...props} />
        </Tabs.Panel>
        <Tabs.Panel value="settings">
          {step.logic ? <LogicTab {...props} /> : <SettingsTab {...props} />}
        </Tabs.Panel>
        <Tabs.Panel value="failure">
          <FailureTab {...props} />
        </Tabs.Panel>
      </Tabs>
    </Panel>
  );
}
