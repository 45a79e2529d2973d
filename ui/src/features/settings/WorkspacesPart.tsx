import { Button, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';

import { queryClient, send, useWorkspace } from '../../engine';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { Row } from '../../ui/Row';
import { useMutation } from '@tanstack/react-query';
import { BusyButton } from '../../ui/BusyButton';
import { DeleteWorkspace } from './DeleteWorkspace';
import { folderName, useWorkspaces, type Workspace } from './workspaces';

const readAgain = () => void queryClient.invalidateQueries({ queryKey: ['workspace_list'] });

/** Workspaces: each has its own connections, chains, keys and data. */
export function WorkspacesRows() {
  const all = useWorkspaces();
  const shown = useWorkspace((state) => state.name);
  const [deleting, setDeleting] = useState<Workspace>();
  return (
    <>
      {all.map((workspace) => (
        <Row key={workspace.name} title={visible(workspace.label)} about={t(workspace.name === shown ? 'settings.workspaces.shown' : 'settings.workspaces.other')}>
          <Rename workspace={workspace} />
          {workspace.name !== shown && (
            <Button size="xs" aria-label={t('settings.workspaces.openName', { name: visible(workspace.label) })} onClick={() => useWorkspace.setState({ name: workspace.name })}>
              {t('settings.workspaces.open')}
            </Button>
          )}
          {workspace.name !== 'default' && (
            <Button size="xs" className="cn-danger" aria-label={t('settings.workspaces.deleteName', { name: visible(workspace.label) })} onClick={() => setDeleting(workspace)}>
              {t('common.delete')}
            </Button>
          )}
        </Row>
      ))}
      <New taken={all.map((workspace) => workspace.name)} />
      {deleting && <DeleteWorkspace workspace={deleting} onClose={() => setDeleting(undefined)} onGone={readAgain} />}
    </>
  );
}

function New({ taken }: { taken: string[] }) {
  const [label, setLabel] = useState('');
  const make = useMutation({
    networkMode: 'always',
    mutationFn: (wanted: string) => send('workspace_create', { name: folderName(wanted, taken), label: wanted }),
    onSuccess: ({ name }) => {
      setLabel('');
      useWorkspace.setState({ name });
    },
    onSettled: readAgain,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (label.trim() && !make.isPending) make.mutate(label.trim());
  };
  return (
    <form onSubmit={submit}>
      <Row title={t('settings.workspaces.new')} about={t('settings.workspaces.newAbout')} id="st-new-workspace">
        <TextInput
          size="xs"
          maxLength={40}
          aria-labelledby="st-new-workspace"
          value={label}
          error={make.isError ? visible(toProblem(make.error).hint) : undefined}
          onChange={(event) => {
            make.reset();
            setLabel(event.currentTarget.value);
          }}
        />
        <BusyButton type="submit" size="xs" busy={make.isPending}>
          {t('settings.workspaces.make')}
        </BusyButton>
      </Row>
    </form>
  );
}

function Rename({ workspace }: { workspace: Workspace }) {
  const [label, setLabel] = useState<string>();
  const rename = useMutation({
    networkMode: 'always',
    mutationFn: (wanted: string) => send('workspace_rename', { name: workspace.name, label: wanted }),
    onSuccess: () => setLabel(undefined),
    onSettled: readAgain,
  });
  const apply = () => {
    if (label !== undefined && label.trim() && label.trim() !== workspace.label) rename.mutate(label.trim());
    else setLabel(undefined);
  };
  const problem = rename.isError ? toProblem(rename.error) : undefined;
  return (
    <TextInput
      size="xs"
      maxLength={40}
      aria-label={t('settings.workspaces.name', { name: visible(workspace.label) })}
      value={label ?? workspace.label}
      error={problem && visible(problem.hint)}
      onChange={(event) => {
        rename.reset();
        setLabel(event.currentTarget.value);
      }}
      onBlur={apply}
      onKeyDown={(event) => event.key === 'Enter' && apply()}
    />
  );
}

