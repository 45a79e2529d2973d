import type { StepPrivacy } from '../../../bindings/wire';
import { t } from '../../../lib/words';
import { Mask } from './Mask';

/** Why a request's body is masked as a whole, or a result where it is none of a request; undefined where it is not. */
export function whyHidden({ unknown, body }: StepPrivacy, isRequest = false): string | undefined {
  if (unknown) return t('chains.data.unknown');
  return isRequest && body ? t('chains.data.wholeText') : undefined;
}

/** What stands for data that is masked as a whole: why, and the way to see it. */
export function Hidden({ why, name, onShow }: { why: string; name: string; onShow: () => void }) {
  return (
    <div className="data-hidden">
      <Mask name={name} onShow={onShow} />
      <p className="meta">{why}</p>
    </div>
  );
}
