import './connections.css';

import { useParams } from 'wouter';

import { nameInAddress } from '../../lib/address';
import { ConnectionDetail } from './ConnectionDetail';
import { ConnectionList } from './ConnectionList';
import { useWork } from './work';

/** All connections, or one of them. */
export default function ConnectionsPage() {
  const { name } = useParams<{ name?: string }>();
  const said = useWork((state) => state.said);
  return (
    <>
      {name === undefined ? <ConnectionList /> : <ConnectionDetail key={name} name={nameInAddress(name)} />}
      <p className="out-of-sight" role="status">
        {said}
      </p>
    </>
  );
}
