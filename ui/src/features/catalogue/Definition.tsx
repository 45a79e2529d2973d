import { Button, CopyButton, Modal } from '@mantine/core';
import { Check, Copy } from 'lucide-react';

import type { JsonValue } from '../../bindings/wire';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
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
          <CopyButton value={text}>
            {({ copied, copy }) => (
              <Button size="xs" h={30} px={10} data-autofocus leftSection={copied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />} onClick={copy}>
                <span aria-live="polite">{t(copied ? 'common.copied' : 'common.copy')}</span>
              </Button>
            )}
          </CopyButton>
        </div>
        <pre className="json cat-definition" tabIndex={0} aria-label={t('catalogue.definitionTitle', { name })}>
          {visible(text)}
        </pre>
      </div>
    </Modal>
  );
}
