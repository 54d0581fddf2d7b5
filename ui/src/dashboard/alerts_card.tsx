// The alerts that nobody has acknowledged.
import {isOpen, useAlerts} from '../lib/shared';
import {Ago, Card, Empty, Loaded} from '../pieces/basics';
import {Times} from '../pieces/times';
import {AlertBadge} from '../pieces/alert';

export function AlertsCard() {
  const alerts = useAlerts();
  return <Card title="Alerts" note={<a class="note" href="#/alerts">All</a>}>
    <Loaded of={alerts}>{(all) => {
      const open = all.filter(isOpen);
      if (open.length === 0) return <Empty>Nothing needs you.</Empty>;
      return <div>{open.slice(0, 5).map((alert) => <div class="alert" key={alert.id}>
        <AlertBadge alert={alert} /><span class="wrap"><Times text={alert.message} /></span>
        <span class="dim"><Ago at={alert.timestamp} /></span></div>)}</div>;
    }}</Loaded>
  </Card>;
}
