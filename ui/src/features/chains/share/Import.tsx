import { Button, FileButton } from '@mantine/core';
import { Upload } from 'lucide-react';

import type { JsonValue } from '../../../bindings/wire';
import { t } from '../../../lib/words';
import { ProblemError } from '../../../platform';
import { look, type Wanted } from './TakeDialog';

interface Props {
  /** It is looked at before anything is kept. */
  onTake: (wanted: Wanted) => void;
  onProblem: (problem: unknown) => void;
}

/** Takes a chain from a file: one that was shared, or one that names connections of this computer. */
export function Import({ onTake, onProblem }: Props) {
  const take = async (file: File | null) => {
    if (!file) return;
    try {
      const chain = parse(await file.text(), file.name);
      // Says what is wrong with it before anything is asked.
      await look(chain, file.name);
      onTake({ document: chain, file: file.name, template: false });
    } catch (error) {
      onProblem(error);
    }
  };
  return (
    <FileButton accept="application/json,.json" onChange={(file) => void take(file)}>
      {(props) => (
        <Button {...props} leftSection={<Upload size={16} />}>
          {t('chains.import')}
        </Button>
      )}
    </FileButton>
  );
}

function parse(text: string, file: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new ProblemError({
      code: 'INPUT_INVALID',
      title: t('chains.notJson', { file }),
      hint: t('chains.notJsonHint'),
      detail: error instanceof Error ? error.message : null,
    });
  }
}
