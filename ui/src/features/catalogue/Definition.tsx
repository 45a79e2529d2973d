import { Modal } from '@mantine/core';

import type { JsonValue } from '../../bindings/wire';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { CopyButton } from '../../ui/CopyButton';
import { useReturnedFocus } from '../connect/useReturnedFocus';

/** A connector's definition, to read and to copy. */
export function Definition({ name, definition, onClose }: { name: string; definition: JsonValue; onClose: () => void }) {
  useReturnedFocus();
  const text = JSON.stringify(definition, null, 2);
  return (
    <Modal opened onClose={onClose} size={720} title={<span className="cat-dialog-title">{t('catalogue.definitionTitle', { name })}</span>} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <div className="stack">
        <div className="spread">
          <p className="meta">{t('catalogue.definitionAbout')}</p>
          <CopyButton size="xs" h={30} px={10} data-autofocus text={text} />
        </div>
        <pre className="json cat-definition" tabIndex={0} aria-label={t('catalogue.definitionTitle', { name })}>
          {visible(text)}
        </pre>
      </div>
    </Modal>
  );
}
