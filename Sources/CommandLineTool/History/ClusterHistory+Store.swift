import ClusterRecords
import HighAvailability
import PostgresClusterAPI

extension ClusterHistory {
    init(_ records: StoreRecords) {
        self.init(
            TimelineSwitch.list(
                annotation: records.configuration[StoreKey.history],
                kinds: records.configuration[StoreKey.historyKinds]),
            lead: records.lock.timeline, status: records.status, request: records.spec?.switchover)
    }
}
