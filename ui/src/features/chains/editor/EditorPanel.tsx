import type { Chain } from '../../../bindings/wire';
import { CheckPanel } from '../check/CheckPanel';
import { FiguresPanel } from '../figures/FiguresPanel';
import { allSteps } from '../flow/outline';
import { RunPanel } from '../run/RunPanel';
import { StartPanel } from '../start/StartPanel';
import { StepPanel, type Opening } from '../step/StepPanel';
import type { ChainEditor } from '../useChainEditor';
import type { Tools } from '../useTools';
import type { Running } from './useRunning';

/** What the right panel shows. */
export type Open = ({ kind: 'step'; id: string; nth?: number } & Opening) | { kind: 'check' } | { kind: 'start' } | { kind: 'figures' } | { kind: 'run'; run: string };

interface Props {
  open: Open | undefined;
  chain: Chain;
  editor: ChainEditor;
  tools: Tools;
  running: Running;
  /** The run whose results stand for what steps give. */
  sampleRun: string | undefined;
  onShow: (step: string, how?: Opening) => void;
  onClose: () => void;
}

/** A step, the check, what starts the chain, or a run. */
export function EditorPanel({ open, chain, editor, tools, running, sampleRun, onShow, onClose }: Props) {
  const { id, version, change, flush } = editor;
  const pretend = allSteps(chain).filter((step) => tools.of(step).connector?.summary.sandbox);
  const trial = [...new Set(pretend.flatMap((step) => step.connection ?? []))];
  switch (open?.kind) {
    case 'step': {
      const step = allSteps(chain).find((own) => own.id === open.id);
      if (!step) return null;
      const { tab, item, naming, fixing, target } = open;
      return (
        <StepPanel
          key={`${step.id} ${tab ?? ''} ${item ?? ''} ${naming ?? false} ${fixing ?? false} ${target ?? ''} ${open.nth ?? 0}`}
          opening={{ tab, item, naming, fixing, target }}
          chainId={id}
          version={version}
          chain={chain}
          step={step}
          tools={tools}
          run={running.run === sampleRun ? undefined : running.run}
          sampleRun={sampleRun}
          flush={flush}
          onRun={running.follow}
          change={change}
          onClose={onClose}
        />
      );
    }
    case 'check':
      return <CheckPanel check={running.check} findings={running.own} fresh={running.fresh} trial={trial} chainId={id} chain={chain} tools={tools} onShow={onShow} onAgain={running.showCheck} onRun={(how) => void running.ask(how)} onClose={onClose} />;
    case 'start':
      return <StartPanel chainId={id} version={version} chain={chain} tools={tools} change={change} flush={flush} onClose={onClose} />;
    case 'figures':
      return <FiguresPanel chainId={id} onClose={onClose} />;
    case 'run':
      return (
        <RunPanel
          report={running.report}
          chain={chain}
          tools={tools}
          trial={trial}
          onShow={onShow}
          onFollow={running.follow}
          onAgain={() => void running.ask()}
          onClose={onClose}
        />
      );
    default:
      return null;
  }
}
