import './connections.css';

import { useParams } from 'wouter';

import { ConnectionDetail } from './ConnectionDetail';
import { ConnectionList } from './ConnectionList';
import { useWork } from './work';

/** All connections, or one of them. */
export default function ConnectionsPage() {
  const { name } = useParams<{ name?: string }>();
  const said = useWork((state) => state.said);
  return (
    <>
      {name === undefined ? <ConnectionList /> : <ConnectionDetail key={name} name={nameFrom(name)} />}
      <p className="out-of-sight" role="status">
        {said}
      </p>
    </>
  );
}

/** The name in the address. The router decodes it by halves, so it is read where it is whole. */
function nameFrom(param: string): string {
  try {
    return decodeURIComponent(window.location.hash.split('/')[2] ?? param);
  } catch {
    return param;
  }
}
