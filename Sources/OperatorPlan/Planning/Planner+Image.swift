import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresClusterAPI
import PostgresConfiguration

/// Which image the members run: the spec's, once it is known to have the data's major version.
extension Planner {
    /// Asks an image that is new, and says what came of it.
    ///
    /// - Returns: the image for the members' template.
    mutating func planImage() -> String {
        let live = liveStatefulSet?.value(at: "spec", "template", "spec", "containers")?.arrayValue?
            .first { $0["name"]?.stringValue == MemberPod.container }?["image"]?.stringValue
        let known = previous.image.flatMap { $0.image == spec.image ? $0 : nil }
        let verdict = judgeImage(
            wanted: spec.image, live: live, data: Self.major(dataVersion), answer: Self.major(answer(known)))
        switch verdict {
        case .take:
            // Kept until the template is seen to have it: an answer that was lost would be asked for again.
            status.image = live == spec.image ? nil : known.map { answered($0) }
            endImageCheck()
            return spec.image
        case .ask:
            return ask(known, live: live ?? spec.image)
        case .refuse(let image, let data):
            status.image = known.map { answered($0) }
            endImageCheck()
            majorVersionChange = Finding(
                reason: .otherMajorVersion,
                message: "\(spec.image) has PostgreSQL \(image) and the data is of PostgreSQL \(data): no member is "
                    + "restarted, they stay with \(live ?? ""). Set spec.image back to an image with PostgreSQL \(data). "
                    + "To move to PostgreSQL \(image), make a new cluster and bring the data there by dump and restore or "
                    + "logical replication")
            if let majorVersionChange {
                progress.append(majorVersionChange)
                if previous.condition(.majorVersionChange)?.message != majorVersionChange.message {
                    warn(.majorVersionChange, majorVersionChange.message)
                }
            }
            return live ?? spec.image
        }
    }

    /// Version of the servers that run, or of the last one that did.
    var dataVersion: String? {
        let running =
            situation.primary?.record.serverVersion ?? situation.members.compactMap(\.record.serverVersion).max()
        return running.map { ServerVersion(number: $0).description } ?? previous.postgresVersion
    }

    private static func major(_ version: String?) -> Int? { version.flatMap { ServerVersion($0) }?.major }

    private func answer(_ known: ImageStatus?) -> String? { said(known)?.version }

    /// What the image in the spec has said, now or before.
    private func said(_ known: ImageStatus?) -> ImageAnswer? {
        guard let known else { return nil }
        if let version = known.postgresVersion {
            return ImageAnswer(version: version, hasProbePort: known.hasProbePort ?? false)
        }
        return check?.image == spec.image ? check?.answer : nil
    }

    private var check: ObservedImageCheck? { observed.imageCheck }

    private func answered(_ known: ImageStatus) -> ImageStatus {
        guard let said = said(known) else { return known }
        var known = known
        known.postgresVersion = said.version
        known.hasProbePort = said.hasProbePort
        known.phase = .answered
        known.message = nil
        return known
    }

    /// How long an image may take to be pulled and to answer before that is called silence.
    private static let patience: Duration = .seconds(120)

    private mutating func ask(_ known: ImageStatus?, live: String) -> String {
        var known = known ?? ImageStatus(image: spec.image, phase: .asking, askedAt: now)
        if let check, check.image != spec.image {
            // The question is another one now; a StatefulSet would keep a Pod that never became ready.
            endImageCheck()
        } else {
            apply(StatefulSet.resource, context.imageCheck(spec.image), over: check?.statefulSet)
        }
        let trouble = check.flatMap { $0.image == spec.image ? $0.trouble : nil }
        let isLate = now - known.askedAt >= Self.patience
        known.message = trouble.map { bounded($0, to: ImageStatus.maximumMessageLength) }
        let wasSilent = known.phase == .silent
        known.phase = isLate ? .silent : .asking
        status.image = known
        let doing = "\(spec.image) is asked which PostgreSQL it has; until then no member is restarted"
        let why = known.message.map { ": \($0)" } ?? ""
        progress.append(
            Finding(
                reason: isLate ? .imageNotAnswering : .askingImage,
                message: isLate
                    ? "\(spec.image) does not say which PostgreSQL it has\(why); no member is restarted"
                    : doing + why))
        if isLate, !wasSilent { warn(.imageNotAnswering, "\(spec.image) does not say which PostgreSQL it has\(why)") }
        // Nobody watches the Pod: it has no label of the cluster.
        plan.requeue(after: isLate ? .seconds(15) : .seconds(1))
        return live
    }

    private mutating func endImageCheck() {
        guard let check else { return }
        plan.changes.append(.delete(ObjectKey(StatefulSet.resource, context.imageCheckName), uid: check.uid))
    }
}
