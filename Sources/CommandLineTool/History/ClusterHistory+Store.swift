import ClusterRecords
import HighAvailability
import PostgresClusterAPI

extension ClusterHistory {
    init(_ records: StoreRecords) {
        self.init(
            TimelineSwitch.list(annotation: records.configuration[StoreKey.history]), lead: records.lock.timeline,
            status: records.status, request: records.spec?.switchover)
    }
}
