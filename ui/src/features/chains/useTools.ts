import { useQueries } from '@tanstack/react-query';
import { useMemo } from 'react';

import type { ConnectionView, ConnectorDetail, OperationDetail, Step } from '../../bindings/wire';
import { send, useRead, useWorkspace } from '../../engine';
import { t } from '../../lib/words';

/** What a step works with. */
export interface StepTool {
  connection: ConnectionView | undefined;
  connector: ConnectorDetail | undefined;
  operation: OperationDetail | undefined;
}

/** Connections and their connectors, as far as they are known. */
export interface Tools {
  connections: ConnectionView[];
  connectors: Map<string, ConnectorDetail>;
  of: (step: Pick<Step, 'connection' | 'operation'>) => StepTool;
  /** "Tool: action", or the step's own name. */
  name: (step: Step) => string;
  ready: boolean;
  /** Whether nothing more is awaited, also where something of it could not be read. */
  settled: boolean;
}

/** Whether a step changes anything outside, as far as is known: what is not known counts. */
export const mayChange = (step: Step, tools: Tools): boolean => (step.logic ? step.logic.type === 'chain' : (tools.of(step).operation?.effect ?? true));

/** Every connection with its connector in full. */
export function useTools(): Tools {
  const workspace = useWorkspace((state) => state.name);
  const list = useRead('connection_list', { offset: 0, limit: 1_000 });
  const ids = useMemo(() => [...new Set((list.data?.connections ?? []).map((c) => c.connector))].sort(), [list.data]);
  const { details, pending } = useQueries({
    queries: ids.map((connector) => ({
      queryKey: ['connector_show', workspace, { connector }],
      queryFn: () => send('connector_show', { connector }),
      staleTime: Number.POSITIVE_INFINITY,
    })),
    combine: (results) => ({ details: results.map((result) => result.data), pending: results.some((result) => result.isPending) }),
  });
  return useMemo(() => {
    const connectors = new Map<string, ConnectorDetail>();
    for (const detail of details) if (detail) connectors.set(detail.summary.id, detail);
    const connections = list.data?.connections ?? [];
    const of = (step: Pick<Step, 'connection' | 'operation'>): StepTool => {
      const connection = connections.find((c) => c.name === step.connection);
      const connector = connection && connectors.get(connection.connector);
      return { connection, connector, operation: connector?.operations.find((o) => o.id === step.operation) };
    };
    const name = (step: Step) => {
      const { connector, operation } = of(step);
      if (step.logic) return step.name ?? t(`chains.logic.name.${step.logic.type}`);
      return step.name ?? `${connector?.summary.name ?? step.connection ?? ''}: ${operation?.title ?? step.operation ?? ''}`;
    };
    return { connections, connectors, of, name, ready: list.data !== undefined && details.every(Boolean), settled: !list.isPending && !pending };
  }, [list.data, list.isPending, details, pending]);
}
