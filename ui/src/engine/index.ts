// The engine as screens use it: commands to read, commands to do.
import {
  keepPreviousData,
  QueryClient,
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from '@tanstack/react-query';
import { create } from 'zustand';
import { persist } from 'zustand/middleware';

import { platform, type CommandName, type Request, type Response } from '../platform';
import { readAgain } from './readAgain';

export { followEvents, useEngineState } from './events';

/** The workspace that is shown, after a restart too. */
export const useWorkspace = create<{ name: string }>()(persist(() => ({ name: 'default' }), { name: 'patchbay-workspace', version: 1 }));

/** One client for the whole interface. The engine is on this computer: being offline changes nothing. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: { networkMode: 'always', retry: false, refetchOnWindowFocus: false, staleTime: 30_000 },
    mutations: { networkMode: 'always', retry: false },
  },
});

/** Sends a command now. */
export function send<C extends CommandName>(command: C, request: Request<C>): Promise<Response<C>> {
  return platform.call(useWorkspace.getState().name, command, request);
}

interface ReadOptions {
  /** Not before something else is known. */
  enabled?: boolean;
  /** Shows the last answer while another request is answered. */
  keep?: boolean;
  /** Reads again after so many milliseconds. */
  every?: number;
}

/** Reads with a command, and again when an event says that it changed. */
export function useRead<C extends CommandName>(
  command: C,
  request: Request<C>,
  options: ReadOptions = {},
): UseQueryResult<Response<C>> {
  const workspace = useWorkspace((state) => state.name);
  return useQuery({
    queryKey: [command, workspace, request],
    queryFn: () => platform.call(workspace, command, request),
    enabled: options.enabled ?? true,
    refetchInterval: options.every ?? false,
    ...(options.keep ? { placeholderData: keepPreviousData } : {}),
  }) as UseQueryResult<Response<C>>;
}

/** Does something with a command. */
export function useDo<C extends CommandName>(
  command: C,
  options: { touches?: CommandName[]; onSuccess?: (response: Response<C>, request: Request<C>) => void } = {},
): UseMutationResult<Response<C>, unknown, Request<C>> {
  const client = useQueryClient();
  return useMutation({
    mutationKey: [command],
    mutationFn: (request: Request<C>) => send(command, request),
    onSuccess: (response, request) => {
      for (const touched of options.touches ?? []) readAgain(client, { queryKey: [touched] });
      options.onSuccess?.(response, request);
    },
  });
}
