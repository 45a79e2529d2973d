import type { Problem } from '../bindings/wire';
import { ProblemError, type CommandName, type Listener, type Platform, type Request, type Response } from './types';

const TOKEN = 'patchbay-token';
/** How long to wait before the stream is opened again. */
const PAUSE_MS = 1_000;

/** A browser on this computer, against `patchbay-cli serve`. */
export function browser(): Platform {
  takeTokenFromAddress();
  const post = (path: string, body: unknown, signal?: AbortSignal) =>
    fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${sessionStorage.getItem(TOKEN) ?? ''}` },
      body: JSON.stringify(body),
      signal: signal ?? null,
    });
  return {
    kind: 'browser',
    async call<C extends CommandName>(workspace: string, command: C, request: Request<C>) {
      const used = sessionStorage.getItem(TOKEN);
      const answer = await post('/rpc', { workspace, command, request });
      // Only the one that was refused: the person may have given another meanwhile.
      if (answer.status === 401 && sessionStorage.getItem(TOKEN) === used) sessionStorage.removeItem(TOKEN);
      const body = (await answer.json()) as { response: Response<C> } | { problem: Problem };
      if ('problem' in body) throw new ProblemError(body.problem);
      return body.response;
    },
    listen(listener) {
      const stop = new AbortController();
      void follow(() => post('/events', {}, stop.signal), listener, stop.signal);
      return () => stop.abort();
    },
    async openUrl(url) {
      window.open(url, '_blank', 'noopener,noreferrer');
    },
    reservePage() {
      const tab = window.open('about:blank', '_blank');
      // Whatever it shows later has no way back to this page.
      if (tab) tab.opener = null;
      return {
        go(url) {
          if (!tab || tab.closed) return false;
          tab.location.replace(url);
          return true;
        },
        drop: () => tab?.close(),
      };
    },
    async saveFile(name, type, text) {
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([text], { type }));
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      return name;
    },
    needsToken: () => !sessionStorage.getItem(TOKEN),
    setToken: (token) => sessionStorage.setItem(TOKEN, token.trim()),
  };
}

/** `#token=…` in the address: kept for this tab and taken out of sight. */
function takeTokenFromAddress() {
  const found = /^#token=([0-9a-f]{64})$/.exec(location.hash);
  if (found?.[1]) {
    sessionStorage.setItem(TOKEN, found[1]);
    history.replaceState(null, '', `${location.pathname}#/`);
  }
}

/** Reads lines of JSON until told to stop; opens the stream again where it breaks. */
async function follow(open: () => Promise<globalThis.Response>, listener: Listener, stop: AbortSignal) {
  while (!stop.aborted) {
    try {
      const answer = await open();
      if (answer.status === 401) {
        sessionStorage.removeItem(TOKEN);
        listener.refused();
        return;
      }
      if (!answer.ok || !answer.body) throw new Error(`the event stream answers ${answer.status}`);
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = '';
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        const lines = (rest + value).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) if (line) listener.message(JSON.parse(line));
      }
    } catch {
      // Said below, whatever the reason.
    }
    if (stop.aborted) return;
    listener.broken();
    await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
}
