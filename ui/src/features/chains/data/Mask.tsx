import './data.css';

import { Eye } from 'lucide-react';

import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { MASK } from './private';

/** What stands for a private value: pressed, it shows this one. */
export function Mask({ name, onShow }: { name: string; onShow: () => void }) {
  return (
    <button type="button" className="data-cell data-mask" aria-label={t('chains.data.showPrivate', { name: visible(name) })} onClick={onShow}>
      {MASK} <Eye size={14} aria-hidden /> {t('chains.data.show')}
    </button>
  );
}
