import ClusterRecords
import ClusterStore
import HighAvailability
import Units

extension ClusterOverview.Entry {
    /// A member by its own word, of which nothing is seen from here.
    ///
    /// A position is published along with whatever else a member publishes, so it may be of long ago. On one timeline it does not go
    /// back: one that has come to the leader's is as good as a new one, and of any other nobody here knows how far the member is by
    /// now.
    init(_ member: Member, saying word: MemberWord?, leaderPosition: LSN?, leaderTimeline: Timeline?) {
        self.init(name: member.name, state: member.state?.rawValue ?? "unknown", apiURL: member.apiURL ?? "")
        role = member.role
        host = member.host
        port = member.port
        timeline = member.timeline
        tags = member.tags.values
        guard let word else { return }
        isRestartPending = word.record.isRestartPending
        pendingRestart = word.record.pendingRestart
        // What it last said of its stream says nothing of now.
        guard word.silence == nil else { return }
        replicationState = word.record.replicationState
        guard word.record.isStreaming, let leaderPosition, let leaderTimeline, timeline == leaderTimeline else {
            return
        }
        func known(_ published: LSN?) -> LSN? { published.flatMap { $0 >= leaderPosition ? $0 : nil } }
        received = known(word.record.received ?? word.record.position)
        replayed = known(word.record.replayed)
        position = known(word.record.position)
    }
}
