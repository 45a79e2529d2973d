import './connections.css';

import { useParams } from 'wouter';

import { nameInAddress } from '../../lib/address';
import { ConnectionDetail } from './ConnectionDetail';
import { ConnectionList } from './ConnectionList';
import { useWork } from './work';

/** All connections, or one of them. */
export default function ConnectionsPage() {
  const { name, ask } = useParams<{ name?: string; ask?: string }>();
  const said = useWork((state) => state.said);
  return (
    <>
      {name === undefined ? <ConnectionList /> : <ConnectionDetail key={name} name={nameInAddress(name)} ask={ask} />}
      <p className="out-of-sight" role="status">
        {said}
      </p>
    </>
  );
}
