import { Button, Modal, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';

import { useDo, useWorkspace } from '../../engine';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { toast } from '../../ui/toasts/toast';
import { BusyButton } from '../../ui/BusyButton';
import { useReturnedFocus } from '../connect/useReturnedFocus';
import type { Workspace } from './workspaces';

/** Everything in a workspace goes with it: its name has to be typed. */
export function DeleteWorkspace({ workspace, onClose, onGone }: { workspace: Workspace; onClose: () => void; onGone: () => void }) {
  useReturnedFocus();
  const [typed, setTyped] = useState('');
  const [wrong, setWrong] = useState(false);
  const remove = useDo('workspace_delete', {
    onSuccess: () => {
      if (useWorkspace.getState().name === workspace.name) useWorkspace.setState({ name: 'default' });
      toast({ words: t('settings.workspaces.deleted', { name: visible(workspace.label) }) });
      onGone();
      onClose();
    },
  });
  const name = visible(workspace.label);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setWrong(typed.trim() !== workspace.label);
    if (typed.trim() === workspace.label && !remove.isPending) remove.mutate({ name: workspace.name });
  };
  return (
    <Modal opened onClose={onClose} size={480} role="alertdialog" title={t('settings.workspaces.deleteTitle', { name })} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <form className="stack" noValidate onSubmit={submit}>
        <p>{t('settings.workspaces.deleteBody')}</p>
        <TextInput
          data-autofocus
          autoComplete="off"
          label={t('settings.workspaces.deleteType', { name })}
          value={typed}
          error={wrong ? t('settings.workspaces.deleteWrong') : undefined}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            setWrong(false);
          }}
        />
        {remove.isError && <ProblemBlock problem={toProblem(remove.error)} />}
        <div className="cn-foot">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <BusyButton type="submit" color="red.9" variant="filled" busy={remove.isPending}>
            {t('settings.workspaces.deleteYes')}
          </BusyButton>
        </div>
      </form>
    </Modal>
  );
}
