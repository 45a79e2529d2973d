import { ActionIcon, Menu } from '@mantine/core';
import { Ellipsis, FlagTriangleRight, Gauge, LifeBuoy, List, ListFilter, Share2, Trash2, Workflow } from 'lucide-react';
import { useState } from 'react';
import { useLocation } from 'wouter';

import { useDo } from '../../../engine';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { toProblem } from '../../../platform';
import { ProblemBlock } from '../../../ui/ProblemBlock';
import { toast } from '../../../ui/toasts/toast';
import type { Section } from '../flow/outline';

interface MoreProps {
  id: string | undefined;
  name: string;
  view: 'canvas' | 'list';
  setView: (view: 'canvas' | 'list') => void;
  onShare: () => void;
  onFigures: () => void;
  /** It is gone: nothing of it is to be kept. */
  onDeleted: () => void;
  /** Runs it with a few items; nothing while it runs. */
  onTrial: (() => void) | undefined;
  /** Asks for a step that is done after a failure, or in any case. */
  onAdd: (section: Section) => void;
}

/** What is done seldom. */
export function More({ id, name, view, setView, onShare, onFigures, onDeleted, onTrial, onAdd }: MoreProps) {
  const [, go] = useLocation();
  const [sure, setSure] = useState(false);
  const remove = useDo('chain_delete', {
    touches: ['chain_list'],
    onSuccess: () => {
      onDeleted();
      toast({ words: t('chains.deleted', { name: visible(name) }) });
      go('/chains');
    },
  });
  const closed = () => {
    setSure(false);
    remove.reset();
  };
  return (
    <Menu position="bottom-end" shadow="md" onClose={closed}>
      <Menu.Target>
        <ActionIcon aria-label={t('common.more')}>
          <Ellipsis size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={view === 'canvas' ? <List size={14} /> : <Workflow size={14} />} onClick={() => setView(view === 'canvas' ? 'list' : 'canvas')}>
          {t(view === 'canvas' ? 'chains.listView' : 'chains.canvasView')}
        </Menu.Item>
        <Menu.Item leftSection={<ListFilter size={14} />} disabled={!onTrial} onClick={onTrial}>
          {t('chains.trial')}
        </Menu.Item>
        <Menu.Item leftSection={<LifeBuoy size={14} />} disabled={!id} onClick={() => onAdd('onFailure')}>
          {t('chains.flow.addOnFailure')}
        </Menu.Item>
        <Menu.Item leftSection={<FlagTriangleRight size={14} />} disabled={!id} onClick={() => onAdd('finally')}>
          {t('chains.flow.addFinally')}
        </Menu.Item>
        <Menu.Item leftSection={<Gauge size={14} />} disabled={!id} onClick={onFigures}>
          {t('chains.figures.open')}
        </Menu.Item>
        <Menu.Item leftSection={<Share2 size={14} />} disabled={!id} onClick={onShare}>
          {t('chains.share.open')}
        </Menu.Item>
        <Menu.Item
          color="var(--bad)"
          leftSection={<Trash2 size={14} />}
          disabled={!id}
          closeMenuOnClick={false}
          onClick={() => (sure && id ? remove.mutate({ chain: id }) : setSure(true))}
        >
          {sure ? t('chains.deleteSure', { name }) : t('chains.delete')}
        </Menu.Item>
        {remove.isError && <ProblemBlock problem={toProblem(remove.error)} />}
      </Menu.Dropdown>
    </Menu>
  );
}

