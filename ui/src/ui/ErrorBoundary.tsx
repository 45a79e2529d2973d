import { Button } from '@mantine/core';
import { Component, type ReactNode } from 'react';

import { t } from '../lib/words';
import { CopyButton } from './CopyButton';

interface Props {
  /** Shown in the place of what broke; without it the mistake is said there, with a way on. */
  instead?: ReactNode;
  /** What it is about: a mistake about one thing says nothing about the next one. */
  of?: string;
  children: ReactNode;
}

/** Keeps a mistake in one place from taking the rest away. */
export class ErrorBoundary extends Component<Props, { error?: Error }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override componentDidUpdate(before: Props) {
    if (this.state.error && before.of !== this.props.of) this.setState({ error: undefined });
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    if (this.props.instead !== undefined) return this.props.instead;
    return (
      <div className="problem bad" role="alert">
        <div className="problem-text">
          <h3>{t('broken.title')}</h3>
          <p>{t('broken.body')}</p>
          <div className="row">
            <Button onClick={() => (isMissingPart(error) ? location.reload() : this.setState({ error: undefined }))}>{t('broken.reload')}</Button>
            <CopyButton variant="subtle" text={`${error.message}\n${error.stack ?? ''}`} label={t('common.copyDetails')} />
          </div>
        </div>
      </div>
    );
  }
}

/** A part of the interface that could not be fetched is remembered as missing: only a new page asks again. */
function isMissingPart(error: Error): boolean {
  return /dynamically imported module|importing a module script|module script failed/i.test(error.message);
}
