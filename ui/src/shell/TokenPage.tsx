import { Button, PasswordInput } from '@mantine/core';
import { useState } from 'react';

import { t } from '../lib/words';
import { platform } from '../platform';

/** A browser without the token of this start. */
export default function TokenPage() {
  const [token, setToken] = useState('');
  const [wrong, setWrong] = useState(false);
  return (
    <main className="token-page">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          platform.setToken(token);
          platform.call('default', 'workspace_list', {}).then(
            () => location.reload(),
            () => setWrong(true),
          );
        }}
      >
        <h1>{t('shell.token.title')}</h1>
        <p>{t('shell.token.body')}</p>
        <PasswordInput
          label={t('shell.token.label')}
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
          error={wrong ? t('shell.token.wrong') : undefined}
          autoFocus
        />
        <Button type="submit" variant="filled" disabled={!token.trim()}>
          {t('shell.token.go')}
        </Button>
      </form>
    </main>
  );
}
