import { ActionIcon } from '@mantine/core';
import { X } from 'lucide-react';
import { useEffect, type ReactNode } from 'react';

import { t } from '../lib/words';

interface Props {
  icon?: ReactNode;
  title: string;
  subtitle?: ReactNode;
  onClose: () => void;
  children: ReactNode;
}

/** What the right panel holds: a heading that stays, content that scrolls. Esc closes. */
export function Panel({ icon, title, subtitle, onClose, children }: Props) {
  useEffect(() => {
    const close = (event: KeyboardEvent) => {
      const inField = event.target instanceof HTMLElement && event.target.closest('[role=dialog],[role=listbox],[role=menu]');
      // A dialog over the panel closes first, wherever the focus has gone.
      const covered = document.querySelector('[role=dialog],[role=alertdialog]') !== null;
      if (event.key === 'Escape' && !event.defaultPrevented && !inField && !covered) onClose();
    };
    window.addEventListener('keydown', close);
    return () => window.removeEventListener('keydown', close);
  }, [onClose]);
  return (
    <>
      <div className="panel-head">
        {icon}
        <div className="panel-title">
          <h2 className="cut" title={title}>
            {title}
          </h2>
          {subtitle && <div className="meta cut">{subtitle}</div>}
        </div>
        <ActionIcon variant="subtle" color="gray" aria-label={t('common.close')} onClick={onClose}>
          <X size={16} />
        </ActionIcon>
      </div>
      <div className="panel-body">{children}</div>
    </>
  );
}
