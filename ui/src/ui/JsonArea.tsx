import { Textarea } from '@mantine/core';
import type { ComponentProps } from 'react';

import { t } from '../lib/words';

interface Props extends Pick<ComponentProps<typeof Textarea>, 'label' | 'aria-label' | 'description' | 'onBlur' | 'minRows' | 'maxRows'> {
  value: string;
  /** Whether the text was looked at, and is not JSON. */
  wrong: boolean;
  onText: (text: string) => void;
}

/** Where JSON is typed. */
export function JsonArea({ wrong, onText, minRows = 3, maxRows = 12, ...rest }: Props) {
  return (
    <Textarea
      classNames={{ input: 'mono' }}
      autosize
      minRows={minRows}
      maxRows={maxRows}
      spellCheck={false}
      error={wrong && t('chains.logic.notJson')}
      onChange={(event) => onText(event.currentTarget.value)}
      {...rest}
    />
  );
}
