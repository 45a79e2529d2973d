import { Button } from '@mantine/core';
import { Component, type ReactNode } from 'react';

import { t } from '../lib/words';
import { CopyButton } from './CopyButton';

/** The last resort: the frame itself stopped working. */
export class Fatal extends Component<{ children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <main className="token-page" role="alert">
        <div className="stack">
          <h1>{t('broken.fatal')}</h1>
          <p>{t('broken.fatalBody')}</p>
          <div className="row">
            <Button variant="filled" onClick={() => location.reload()}>
              {t('broken.restart')}
            </Button>
            <CopyButton text={`${error.message}\n${error.stack ?? ''}`} label={t('common.copyDetails')} />
          </div>
        </div>
      </main>
    );
  }
}
