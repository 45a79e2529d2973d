import { ActionIcon } from '@mantine/core';
import { ChevronLeft, ChevronRight } from 'lucide-react';

import { t } from '../../../lib/words';

/** Which item is shown, and the way to its neighbours. */
export function ItemPager({ at, of, onGo }: { at: number; of: number; onGo: (at: number) => void }) {
  return (
    <span className="row nowrap meta figures">
      <ActionIcon size={26} aria-label={t('chains.data.previous')} disabled={at === 0} onClick={() => onGo(at - 1)}>
        <ChevronLeft size={14} />
      </ActionIcon>
      {t('chains.data.item', { at: at + 1, of })}
      <ActionIcon size={26} aria-label={t('chains.data.next')} disabled={at >= of - 1} onClick={() => onGo(at + 1)}>
        <ChevronRight size={14} />
      </ActionIcon>
    </span>
  );
}
